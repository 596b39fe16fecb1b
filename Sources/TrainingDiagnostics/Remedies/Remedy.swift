public import TrainingKit

/// What can be done to a run, so that it can be tried.
public enum Remedy: Sendable, Hashable, Codable {
  /// The learning rates of the schedule times a factor.
  case learningRate(times: Double)
  /// The learning rates of the first updates times a factor, as a warm-up lowers them.
  case firstLearningRates(times: Double, updates: Int)
  /// Gradients clipped to a global norm.
  case clipping(globalNorm: Double)
  /// Gradients as they are.
  case noClipping
  /// The batch of a step left out.
  case skipping(step: Int)
  /// Weights that the optimizer does not pull towards zero.
  case noWeightDecay
  /// A number of the optimizer set to another, and what it keeps forgotten.
  case optimizerNumber(String, to: Double)
  /// Items drawn in random order. Whoever hands the items to the run does it.
  case shuffling
  /// Losses computed in float32, unscaled.
  case fullPrecision
  /// Losses computed in bfloat16, unscaled.
  case bfloat16
  /// Matrices that did not start by their fan-in started anew by He, their biases at zero, and moments forgotten.
  case initialization
}

extension Remedy: CustomStringConvertible {
  /// What to do, as an order.
  public var description: String {
    switch self {
    case .learningRate(let factor) where factor < 1:
      "divide the learning rate by \((1 / factor).shortened)"
    case .learningRate(let factor): "multiply the learning rate by \(factor.shortened)"
    case .firstLearningRates(let factor, let updates):
      "divide the learning rate of the first \(updates) updates by \((1 / factor).shortened)"
    case .clipping(let norm): "clip the global norm to \(norm.shortened)"
    case .noClipping: "do not clip"
    case .skipping(let step): "skip the batch of step \(step)"
    case .noWeightDecay: "set the weight decay to 0"
    case .optimizerNumber(let name, let value): "set the optimizer's \(name) to \(value.shortened)"
    case .shuffling: "draw examples in random order"
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
    case .firstLearningRates(let factor, let updates):
      run.schedule = run.schedule.scaled(by: factor, before: updates)
    case .clipping(let norm): run.clipping = .globalNorm(norm)
    case .noClipping: run.clipping = .none
    case .skipping, .shuffling: break
    case .noWeightDecay:
      guard var optimizer = run.optimizer as? any DecaysWeights & Optimizer else { return }
      optimizer.weightDecay = 0
      run.optimizer = optimizer
    case .optimizerNumber(let name, let value):
      guard var optimizer = run.optimizer as? any HasUsualNumbers & Optimizer else { return }
      optimizer.setNumber(name, to: value)
      optimizer.states = [:]
      run.optimizer = optimizer
    case .fullPrecision: run.precision = .full
    case .bfloat16: run.precision = .mixed(.bfloat16)
    case .initialization:
      run.model.startIllWeightsAnew(run.generator ?? .current)
      run.optimizer.states = [:]
    }
  }

  /// Whether it makes a run another one.
  func changes<Model>(_ run: TrainingRun<Model>) -> Bool {
    switch self {
    case .learningRate, .clipping, .skipping, .shuffling: true
    case .firstLearningRates(_, let updates): updates > 0
    case .noClipping: !run.clipping.isNone
    case .noWeightDecay: (run.optimizer as? any DecaysWeights)?.weightDecay ?? 0 > 0
    case .optimizerNumber(let name, let value):
      (run.optimizer as? any HasUsualNumbers)?.number(name).map { $0 != value } ?? false
    case .fullPrecision: run.precision.autocastType != nil
    case .bfloat16: run.precision.autocastType == .float16
    case .initialization: run.steps < 200 && !run.model.illStartedWeights.isEmpty
    }
  }

  /// What it shows of the cause that it helped.
  var cause: Cause? {
    switch self {
    case .learningRate(let factor): factor < 1 ? .learningRateTooHigh : .learningRateTooLow
    case .firstLearningRates: .schedule
    case .noClipping: .clippingLimit
    case .skipping: .dataOutlier
    case .noWeightDecay: .weightDecay
    case .optimizerNumber: .optimizer
    case .shuffling: .dataOrder
    case .fullPrecision, .bfloat16: .overflow
    case .initialization: .initialization
    case .clipping: nil
    }
  }

  /// Whether the item of a step is left out.
  func skips(_ step: Int) -> Bool { self == .skipping(step: step) }
}

extension Optimizer {
  /// Its numbers that are seldom what they are here.
  var unusualNumbers: [(name: String, value: Double, usual: Double)] {
    (self as? any HasUsualNumbers)?.unusualNumbers ?? []
  }

  /// What sets them to what is usual.
  var usualSettings: [Remedy] { unusualNumbers.map { .optimizerNumber($0.name, to: $0.usual) } }
}

extension Module {
  /// The trainable matrices that no start by the fan-in gives: their scale is a factor of three or more from He's, rows
  /// are alike, or biases outweigh what they make of usual inputs.
  var illStartedWeights: [NamedParameter] {
    let parameters = parameters
    return parameters.filter { named in
      let value = named.parameter.value.detached()
      guard named.parameter.isTrainable, value.rank >= 2 else { return false }
      let fanIn = value.count / value.shape[0]
      let gain = value.statistics.rms * Double(fanIn).squareRoot()
      let path = named.path.replacingLast(of: "weight", with: "bias")
      let bias = path == named.path ? nil : parameters.first { $0.path == path }
      let shift = bias?.parameter.value.detached().statistics.rms ?? 0
      return !(0.3...3).contains(gain / 2.0.squareRoot()) || value.hasRowsAlike || shift > 2 * gain
    }
  }

  fileprivate func startIllWeightsAnew(_ generator: RandomGenerator) {
    let weights = illStartedWeights.map(\.path)
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

extension Tensor {
  /// Whether the first row, the middle one and the last one are the same, as those of a constant start stay.
  fileprivate var hasRowsAlike: Bool {
    guard shape[0] >= 3 else { return false }
    return self[0].isIdentical(to: self[shape[0] / 2]) && self[0].isIdentical(to: self[-1])
  }
}

extension String {
  fileprivate func replacingLast(of word: String, with other: String) -> String {
    hasSuffix(word) ? String(dropLast(word.count)) + other : self
  }
}
