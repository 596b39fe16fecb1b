internal import TrainingKit

/// Looks inside a model while it takes a step.
struct Examination<Model: Module> {
  private let model: Model
  private let before: [(named: NamedParameter, value: Tensor)]
  private var activations: [ActivationDetails] = []
  private var inputRMS: Double?

  /// Begins before the step. The weights are held until the end, so that the update has to write elsewhere.
  init(of model: Model) {
    self.model = model
    before = model.parameters.filter(\.parameter.isTrainable).map {
      ($0, $0.parameter.value.detached())
    }
  }

  /// Runs the forward part of the step.
  mutating func observed<Result>(_ body: () throws -> Result) rethrows -> Result {
    // Only the last part of a step that has several is kept.
    let found = Found()
    let loss = try observing(
      model,
      with: { call in
        ActivationDetails(call).map { found.activations.append($0) }
        if call.path == "", call.kind == .module, let x = call.inputs.first {
          found.inputRMS = x.dtype.isFloatingPoint ? x.detached().statistics.finiteRMS : nil
        }
      }, body)
    (activations, inputRMS) = (found.activations, found.inputRMS)
    return loss
  }

  /// What was seen, once the step is taken; nil where memory is too small for looking.
  func details(_ outcome: StepOutcome, _ exampleLosses: [Double]?) throws -> StepDetails? {
    do {
      return try validated { seen(outcome, exampleLosses) }
    } catch is DeviceError {
      return nil
    }
  }

  private func seen(_ outcome: StepOutcome, _ exampleLosses: [Double]?) -> StepDetails {
    let statistics = outcome.report.clipping?.statistics
    return StepDetails(
      parameters: before.map { named, value in
        ParameterDetails(
          named, before: value, gradient: statistics?[named.path], isMoved: outcome.isApplied)
      },
      activations: activations, inputRMS: inputRMS, memory: MemoryDetails(Device.cpu.memory),
      seconds: outcome.report.seconds, exampleLosses: exampleLosses)
  }

  private final class Found {
    var activations: [ActivationDetails] = []
    var inputRMS: Double?
  }
}

extension MemoryDetails {
  fileprivate init(_ usage: MemoryUsage) {
    let owners = MemoryOwner.allCases.map { ("\($0)", usage.bill[$0]) }
    self.init(
      live: usage.live, peak: usage.peak,
      byOwner: Dictionary(uniqueKeysWithValues: owners.filter { $0.1 > 0 }))
  }
}

extension ParameterDetails {
  fileprivate init(
    _ named: NamedParameter, before: Tensor, gradient: TensorStatistics?, isMoved: Bool
  ) {
    let weights = before.statistics
    self.init(
      path: named.path, count: before.count, rank: before.rank, gradientRMS: gradient?.finiteRMS,
      gradientLargest: gradient?.largest, gradientZeroShare: gradient?.zeroShare,
      gradientNonFiniteCount: gradient?.nonFiniteCount ?? 0, weightRMS: weights.finiteRMS,
      weightLargest: weights.largest)
    guard isMoved else { return }
    let update = (named.parameter.value.detached() - before).statistics
    (updateRMS, unmovedShare) = (update.finiteRMS, update.zeroShare)
  }
}

extension ActivationDetails {
  private static let rectifiers: Set = ["relu", "relu6"]
  private static let bounded: Set = ["tanh", "sigmoid"]

  /// What a call put out; nil where that is no activation.
  init?(_ call: Observation) {
    guard let path = call.path, let y = call.outputs.first,
      call.outputs.count == 1 || call.kind == .module,
      y.dtype.isFloatingPoint, y.rank >= 2
    else { return nil }
    let isOperation = call.kind == .operation
    let isActivation = Self.rectifiers.contains(call.name) || Self.bounded.contains(call.name)
    guard !isOperation || isActivation || call.name == "attention" else { return nil }
    let found = y.detached().statistics
    self.init(
      path: path, operation: isOperation ? call.name : nil, rms: found.finiteRMS,
      largest: found.largest,
      nonFiniteCount: found.nonFiniteCount, zeroShare: found.zeroShare)
    guard isOperation, found.isFinite else { return }
    if Self.rectifiers.contains(call.name) { deadShare = y.deadShare(found) }
    if Self.bounded.contains(call.name) { saturatedShare = y.saturatedShare(of: call.name) }
    if let scores = call.attention.flatMap(AttentionScale.init) {
      (largestScore, attentionEntropy) = (scores.largest, scores.entropy)
    }
  }
}

extension TensorStatistics {
  /// The share of elements that are exactly 0.
  var zeroShare: Double { count == 0 ? 0 : Double(zeroCount) / Double(count) }

  /// The root of the mean of squares; nil where an element is not finite.
  var finiteRMS: Double? { isFinite ? rms : nil }
}

extension Tensor {
  /// The share of units that are 0 throughout; nil of fewer than 16 values a unit, which may all be 0 by chance.
  fileprivate func deadShare(_ found: TensorStatistics) -> Double? {
    let units = byUnit
    guard units.shape[0] >= 16 else { return nil }
    // No unit is 0 throughout where too few values are.
    guard found.zeroCount >= units.shape[0] else { return 0 }
    return Double(units.max(axis: 0).statistics.zeroCount) / Double(units.shape[1])
  }

  fileprivate func saturatedShare(of operation: String) -> Double {
    let y = detached()
    let level = operation == "tanh" ? y.abs() : (y * 2 - 1).abs()
    return 1 - (level .> 0.98).cast(to: .float32).statistics.zeroShare
  }
}
