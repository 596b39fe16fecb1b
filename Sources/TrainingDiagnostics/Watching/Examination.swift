internal import TrainingKit

/// Looks inside a model while it takes a step.
struct Examination<Model: Module> {
  private let model: Model
  private let members: ModuleMembers
  private let before: [ParameterBefore]
  private var seen = Found()

  /// Begins before the step. Weights and means of squares are held until the end, so that the update has to write
  /// elsewhere.
  init(of model: Model, _ members: ModuleMembers, _ optimizer: any Optimizer) {
    (self.model, self.members) = (model, members)
    before = members.parameters.filter(\.parameter.isTrainable).map { named in
      ParameterBefore(
        named: named, value: named.parameter.value.detached(),
        secondMoment: optimizer.states[named.path]?.tensors["secondMoment"])
    }
  }

  /// Runs the forward part of the step.
  mutating func observed<Result>(_ body: () throws -> Result) rethrows -> Result {
    // Only the last part of a step that has several is kept.
    let found = Found()
    let loss = try observing(model, members, with: found.take, body)
    seen = found
    return loss
  }

  /// What was seen, once the step is taken; nil where memory is too small for looking.
  func details(
    _ outcome: StepOutcome, _ optimizer: any Optimizer, _ exampleLosses: [Double]?
  ) throws -> StepDetails? {
    do {
      return try validated { details(of: outcome, optimizer, exampleLosses) }
    } catch is DeviceError {
      return nil
    }
  }

  private func details(
    of outcome: StepOutcome, _ optimizer: any Optimizer, _ exampleLosses: [Double]?
  ) -> StepDetails {
    let statistics = outcome.report.clipping?.statistics
    return StepDetails(
      parameters: before.map { before in
        let path = before.named.path
        var details = ParameterDetails(before, gradient: statistics?[path])
        details.role = seen.lookUps.contains(LookUp(before)) ? .embedding : nil
        details.moments = optimizer.states[path].flatMap(MomentDetails.all(of:))
        guard outcome.isApplied else { return details }
        details.take(update: before.named.parameter.value.detached() - before.value)
        details.secondMomentLag = optimizer.secondMomentLag(
          of: before.named, before: before.secondMoment)
        return details
      },
      activations: seen.activations, inputRMS: seen.inputRMS, logits: seen.logits,
      memory: MemoryDetails(Device.current.memory), exampleLosses: exampleLosses)
  }
}

/// A parameter before a step, and the mean of its squared gradients, where there is one.
private struct ParameterBefore {
  let named: NamedParameter
  let value: Tensor
  let secondMoment: Tensor?
}

/// Where rows of a table were looked up, and the table's shape.
private struct LookUp: Hashable {
  let path: String
  let shape: Shape

  init?(_ call: Observation) {
    guard call.kind == .operation, call.name == "taking", let path = call.path,
      let table = call.inputs.first, table.rank == 2, table.requiresGradient
    else { return nil }
    (self.path, shape) = (path, table.shape)
  }

  /// As a module looks its own parameter up.
  init(_ parameter: ParameterBefore) {
    path = parameter.named.path.split(separator: ".").dropLast().joined(separator: ".")
    shape = parameter.value.shape
  }
}

/// What calls told.
private final class Found {
  var activations: [ActivationDetails] = []
  var inputRMS: Double?
  var logits: LogitDetails?
  var lookUps: Set<LookUp> = []

  func take(_ call: Observation) {
    ActivationDetails(call).map { activations.append($0) }
    LookUp(call).map { _ = lookUps.insert($0) }
    LogitDetails(call).map { logits = $0 }
    if call.path == "", call.kind == .module, let x = call.inputs.first {
      inputRMS = x.dtype.isFloatingPoint ? x.detached().statistics.finiteRMS : nil
    }
  }
}

extension LogitDetails {
  /// The scores that went into a cross entropy or log softmax; nil of other calls.
  fileprivate init?(_ call: Observation) {
    guard let rows = call.logNormalizers, rows.count > 0, let scores = call.inputs.first else {
      return nil
    }
    let found = rows.statistics
    self.init(
      classes: scores.shape[-1], meanLogNormalizer: found.isFinite ? rows.mean().item() : nil,
      largestLogNormalizer: found.largest)
  }
}

extension MomentDetails {
  /// What is kept of a parameter, by name; nil where there is nothing.
  fileprivate static func all(of state: ParameterState) -> [String: MomentDetails]? {
    let moments = state.tensors.filter { $0.value.dtype.isFloatingPoint }.mapValues { tensor in
      let found = tensor.statistics
      return MomentDetails(rms: found.finiteRMS, largest: found.largest)
    }
    return moments.isEmpty ? nil : moments
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
  fileprivate init(_ before: ParameterBefore, gradient: TensorStatistics?) {
    let weights = before.value.statistics
    self.init(
      path: before.named.path, count: before.value.count, rank: before.value.rank,
      gradientRMS: gradient?.finiteRMS, gradientLargest: gradient?.largest,
      gradientZeroShare: gradient?.zeroShare,
      gradientNonFiniteCount: gradient?.nonFiniteCount ?? 0, weightRMS: weights.finiteRMS,
      weightLargest: weights.largest)
  }

  fileprivate mutating func take(update: Tensor) {
    let update = update.statistics
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
