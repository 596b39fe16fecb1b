public import TrainingKit

/// What can be done to a run, so that it can be tried.
public enum Remedy: Sendable, Hashable, Codable {
  /// The learning rates of the schedule times a factor.
  case learningRate(times: Double)
  /// The same learning rate for every update.
  case holding(learningRate: Double)
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
  /// Weights in half precision that keep what rounding takes from their updates.
  case compensatedRounding
  /// Weights that did not start in a usual way started anew, and moments forgotten.
  case initialization(Start)
  /// As many steps in a row skipped before the run counts as stuck. A skipped step moves nothing.
  case patience(skips: Int)

  /// How weights start anew.
  public enum Start: String, Sendable, Hashable, Codable {
    /// Matrices by He's rule, their biases at zero.
    case he
    /// Matrices and their biases as those of linear and convolutional layers do unless told otherwise.
    case layers
    /// Matrices of normal numbers of 0.02, as those of transformers, their biases at zero.
    case small
  }
}

extension Remedy: CustomStringConvertible {
  /// What to do, as an order.
  public var description: String {
    switch self {
    case .learningRate(let factor) where factor < 1:
      "divide the learning rate by \((1 / factor).shortened)"
    case .learningRate(let factor): "multiply the learning rate by \(factor.shortened)"
    case .holding(let rate): "hold the learning rate at \(rate.shortened)"
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
    case .compensatedRounding: "keep what weights in half precision lose by rounding"
    case .initialization(.he): "start weights anew by He"
    case .initialization(.layers): "start weights anew as layers do by default"
    case .initialization(.small): "start weights anew as transformers do, at 0.02"
    case .patience(let skips): "let the run skip up to \(skips) steps in a row"
    }
  }
}

extension Remedy {
  /// Changes the run; what is left out of it is the affair of whoever trains it.
  public func apply<Model>(to run: inout TrainingRun<Model>) {
    switch self {
    case .learningRate(let factor): run.schedule = run.schedule.scaled(by: factor)
    case .holding(let rate): run.schedule = .constant(rate)
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
    case .compensatedRounding: run.optimizer = run.optimizer.roundedWithCompensation
    case .initialization(let start):
      let generator = run.generator ?? .current
      run.model.illStartedWeights(beside: start).forEach { $0.startAnew(start, generator) }
      run.optimizer.states = [:]
    case .patience(let skips): run.skipLimit = skips
    }
  }

  /// Whether it makes a run another one.
  func changes<Model>(_ run: TrainingRun<Model>) -> Bool {
    switch self {
    case .learningRate, .holding, .clipping, .skipping, .shuffling: true
    case .firstLearningRates(_, let updates): updates > 0
    case .noClipping: !run.clipping.isNone
    case .noWeightDecay: (run.optimizer as? any DecaysWeights)?.weightDecay ?? 0 > 0
    case .optimizerNumber(let name, let value):
      (run.optimizer as? any HasUsualNumbers)?.number(name).map { $0 != value } ?? false
    case .fullPrecision: run.precision.autocastType != nil
    case .bfloat16: run.precision.autocastType == .float16
    case .compensatedRounding:
      run.optimizer.losesDigits && run.model.parameters.contains { $0.parameter.value.dtype.isHalf }
    case .initialization(let start):
      run.steps < 200 && !run.model.illStartedWeights(beside: start).isEmpty
    case .patience(let skips): run.skipLimit < skips
    }
  }

  /// What it shows of the cause that it helped.
  var cause: Cause? {
    switch self {
    case .learningRate(let factor): factor < 1 ? .learningRateTooHigh : .learningRateTooLow
    case .firstLearningRates, .holding: .schedule
    case .noClipping: .clippingLimit
    case .skipping: .dataOutlier
    case .noWeightDecay: .weightDecay
    case .optimizerNumber: .optimizer
    case .shuffling: .dataOrder
    case .fullPrecision, .bfloat16: .overflow
    case .compensatedRounding: .rounding
    case .initialization: .initialization
    case .clipping, .patience: nil
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

  /// Whether it rounds weights in half precision without keeping what that takes.
  fileprivate var losesDigits: Bool { (self as? any RoundsWeights)?.losesDigits ?? false }

  /// It, keeping that.
  fileprivate var roundedWithCompensation: any Optimizer { rounding(.compensated) }
}
