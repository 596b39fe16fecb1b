public import TrainingKit

/// What can be done to a run, so that it can be tried.
public enum Remedy: Sendable, Hashable, Codable {
  /// The learning rates of the schedule times a factor.
  case learningRate(times: Double)
  /// Gradients clipped to a global norm.
  case clipping(globalNorm: Double)
  /// Gradients as they are.
  case noClipping
  /// The batch of a step left out.
  case skipping(step: Int)
  /// Losses computed in float32, unscaled.
  case fullPrecision
  /// Losses computed in bfloat16, unscaled.
  case bfloat16
  /// Weights of matrices whose scale is far from He's started anew at it, their biases at zero, and moments forgotten.
  case initialization
}

extension Remedy: CustomStringConvertible {
  /// What to do, as an order.
  public var description: String {
    switch self {
    case .learningRate(let factor) where factor < 1:
      "divide the learning rate by \((1 / factor).shortened)"
    case .learningRate(let factor): "multiply the learning rate by \(factor.shortened)"
    case .clipping(let norm): "clip the global norm to \(norm.shortened)"
    case .noClipping: "do not clip"
    case .skipping(let step): "skip the batch of step \(step)"
    case .fullPrecision: "compute in float32"
    case .bfloat16: "compute in bfloat16 without a loss scale"
    case .initialization: "start weights anew by He"
    }
  }
}

extension Remedy {
  /// Changes the run; what is left out of it is the affair of whoever trains it.
  public func apply<Model>(to run: inout TrainingRun<Model>) {
    switch self {
    case .learningRate(let factor): run.schedule = run.schedule.scaled(by: factor)
    case .clipping(let norm): run.clipping = .globalNorm(norm)
    case .noClipping: run.clipping = .none
    case .skipping: break
    case .fullPrecision: run.precision = .full
    case .bfloat16: run.precision = .mixed(.bfloat16)
    case .initialization:
      run.model.startMisscaledWeightsAnew(run.generator ?? .current)
      run.optimizer.states = [:]
    }
  }

  /// What it shows of the cause that it helped.
  var cause: Cause? {
    switch self {
    case .learningRate(let factor): factor < 1 ? .learningRateTooHigh : .learningRateTooLow
    case .noClipping: .clippingLimit
    case .skipping: .dataOutlier
    case .fullPrecision, .bfloat16: .overflow
    case .initialization: .initialization
    case .clipping: nil
    }
  }

  /// Whether the item of a step is left out.
  func skips(_ step: Int) -> Bool { self == .skipping(step: step) }
}

extension Module {
  /// The trainable matrices whose scale is a factor of two or more from He's.
  var misscaledWeights: [NamedParameter] {
    parameters.filter { named in
      let value = named.parameter.value
      guard named.parameter.isTrainable, value.rank >= 2 else { return false }
      let fanIn = value.count / value.shape[0]
      let ratio = value.detached().statistics.rms * (Double(fanIn) / 2).squareRoot()
      return !(0.5...2).contains(ratio)
    }
  }

  fileprivate func startMisscaledWeightsAnew(_ generator: RandomGenerator) {
    let weights = misscaledWeights.map(\.path)
    let biases = Set(weights.map { $0.replacingLast(of: "weight", with: "bias") })
    for named in parameters {
      if weights.contains(named.path) {
        let (shape, dtype) = (named.parameter.value.shape, named.parameter.value.dtype)
        named.parameter.value = Initializer.heNormal()(shape, dtype: dtype, generator: generator)
      } else if biases.contains(named.path) {
        named.parameter.value = .zeros(
          named.parameter.value.shape, dtype: named.parameter.value.dtype)
      }
    }
  }
}

extension String {
  fileprivate func replacingLast(of word: String, with other: String) -> String {
    hasSuffix(word) ? String(dropLast(word.count)) + other : self
  }
}
