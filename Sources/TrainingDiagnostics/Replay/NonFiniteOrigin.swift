internal import TrainingKit

/// Where the first value that is not finite came from, found by taking the step once more.
struct NonFiniteOrigin {
  let cause: Cause
  let place: String?
  let evidence: Evidence
  let remedies: [Remedy]
}

extension Replay {
  /// Looks for the origin, with the run as it is: a step that was skipped has moved nothing.
  func nonFiniteOrigin(of item: Item, step: Int) throws -> NonFiniteOrigin? {
    if let weights = run.model.parameters.first(where: { !$0.parameter.value.isAllFinite }) {
      return NonFiniteOrigin(
        cause: .badWeights, place: weights.path,
        evidence: [
          "non_finite": Double(weights.parameter.value.detached().statistics.nonFiniteCount)
        ],
        remedies: [])
    }
    let first = try firstNonFiniteCall(item, run.precision.autocastType)
    let isWide = run.precision.autocastType == nil
    let isHealedByFloat32 = try !isWide && isFinite(item)
    if let first, !first.isMadeThere {
      return NonFiniteOrigin(
        cause: .badInput, place: first.place, evidence: first.evidence,
        remedies: [.skipping(step: step)])
    }
    if isHealedByFloat32 {
      return NonFiniteOrigin(
        cause: .overflow, place: first?.place, evidence: first?.evidence ?? [:],
        remedies: [.bfloat16, .fullPrecision])
    }
    return NonFiniteOrigin(
      cause: first?.isOutsideOfDomain == true ? .operationDomain : .undetermined,
      place: first?.place, evidence: first?.evidence ?? [:], remedies: [.skipping(step: step)])
  }

  private struct NonFiniteCall {
    let place: String
    /// Whether all that went in was finite.
    let isMadeThere: Bool
    /// Whether the operation has no value for what went in, however large.
    let isOutsideOfDomain: Bool
    let evidence: Evidence
  }

  /// The first operation on the way forward that gives what is not finite.
  private func firstNonFiniteCall(_ item: Item, _ precision: DType?) throws -> NonFiniteCall? {
    let found = Found()
    _ = try run.undone { run in
      try run.lossOfStep { model in
        try observing(model, with: found.take) { try loss(model, item) }
      }
    }
    return found.first
  }

  private func isFinite(_ item: Item) throws -> Bool {
    try run.undone { run in
      run.precision = .full
      return try run.lossOfStep { try loss($0, item) }.isFinite
    }
  }

  private final class Found {
    var first: NonFiniteCall?

    func take(_ call: Observation) {
      guard first == nil, call.kind == .operation,
        let y = call.outputs.first(where: { !$0.isAllFinite })
      else { return }
      let inputs = call.inputs.filter(\.dtype.isFloatingPoint)
      first = NonFiniteCall(
        place: call.place, isMadeThere: inputs.allSatisfy(\.isAllFinite),
        isOutsideOfDomain: call.isBounded,
        evidence: [
          "non_finite": Double(y.detached().statistics.nonFiniteCount),
          "largest_input": inputs.map { $0.detached().statistics.largest }.max(),
        ])
    }
  }
}

extension Observation {
  /// Whether the operation is not defined everywhere. What others make of finite numbers is beyond the range of the
  /// type.
  fileprivate var isBounded: Bool {
    ["log", "log1p", "sqrt", "rsqrt", "div", "pow", "remainder"].contains(name)
  }
}
