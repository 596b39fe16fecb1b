/// How large the gradient of a unit may be beside its weights.
struct UnitNormRule: Sendable {
  let ratio, epsilon: Double
  let filter: ParameterFilter

  /// What a unit's gradient is multiplied by.
  func factor(gradient: Double, weights: Double) -> Double {
    let limit = ratio * max(weights, epsilon)
    return gradient <= limit || !weights.isFinite ? 1 : limit / max(gradient, 1e-6)
  }
}

extension Gradients {
  func clipped(
    by rule: UnitNormRule, _ parameters: [NamedParameter]
  ) -> (gradients: Gradients, report: ClippingReport) {
    var weights: [String: Tensor] = [:]
    for named in parameters where rule.filter.contains(named) {
      weights[named.path] = named.parameter.value
    }
    var units: [String: [TensorStatistics]] = [:]
    for path in paths {
      let gradient = self[path]!
      units[path] = gradient.statistics(ofParts: weights[path] == nil ? 1 : gradient.unitCount)
    }
    let found = Statistics(
      paths: paths, each: paths.map { TensorStatistics(joining: units[$0]!) })
    guard found.firstNonFinite == nil else { return (self, ClippingReport(of: found)) }
    return clipped(by: rule, units.mapValues { $0.map(\.norm) }, weights, found)
  }

  private func clipped(
    by rule: UnitNormRule, _ units: [String: [Double]], _ weights: [String: Tensor],
    _ found: Statistics
  ) -> (gradients: Gradients, report: ClippingReport) {
    var changed: [String: Tensor] = [:]
    var factors: [String: Double] = [:]
    for path in paths {
      guard let weight = weights[path], let norms = units[path] else { continue }
      let own = zip(norms, weight.statistics(ofParts: norms.count)).map {
        rule.factor(gradient: $0, weights: $1.norm)
      }
      // On paper, where there are no norms, any of them may be too large.
      guard own.contains(where: { $0 != 1 }) || Context.current.backend.isPaper else { continue }
      factors[path] = joinedNorm(zip(norms, own).map(*), p: 2) / joinedNorm(norms, p: 2)
      changed[path] = self[path]!.multipliedByUnit(own)
    }
    let norms = units.mapValues { joinedNorm($0, p: 2) }
    return (replacing(changed), report(found, norms, p: 2, factors))
  }
}

extension Tensor {
  /// The extent of the first axis of two or more.
  fileprivate var unitCount: Int { rank < 2 || count == 0 ? 1 : shape[0] }

  /// Each unit times a factor, rounded once.
  fileprivate func multipliedByUnit(_ factors: [Double]) -> Tensor {
    let lanes = [factors.count] + Array(repeating: 1, count: Swift.max(0, rank - 1))
    let column = Tensor(factors, dtype: dtype.updateType)
      .reshaped(factors.count == 1 ? .scalar : Shape(lanes))
    return (cast(to: dtype.updateType) * column).cast(to: dtype)
  }
}
