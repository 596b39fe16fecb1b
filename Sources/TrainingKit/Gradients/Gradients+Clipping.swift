extension Gradients {
  /// The gradients times one factor, so that their global p-norm is at most `maximum`.
  ///
  /// The factor is maximum / (norm + 1e-6), as PyTorch's, but only where the norm is above the maximum. A NaN or an
  /// infinity spreads to no other gradient: nothing is clipped then, and the report names it.
  ///
  /// - Errors: traps when the maximum is NaN or negative, or p is NaN, negative or 0.
  public func clipped(
    toGlobalNorm maximum: Double, p: Double = 2
  ) -> (gradients: Gradients, report: ClippingReport) {
    clipped(by: .globalNorm(maximum, p: p))
  }

  /// The gradients, each times a factor of its own so that its p-norm is at most `maximum`, unless one is not finite.
  ///
  /// - Errors: traps when the maximum is NaN or negative, or p is NaN, negative or 0.
  public func clipped(
    toParameterNorm maximum: Double, p: Double = 2
  ) -> (gradients: Gradients, report: ClippingReport) {
    clipped(by: .parameterNorm(maximum, p: p))
  }

  /// The gradients with each element brought into −limit … limit, unless one is not finite.
  ///
  /// - Errors: traps when the limit is NaN or negative.
  public func clipped(toValue limit: Double) -> (gradients: Gradients, report: ClippingReport) {
    clipped(by: .value(limit))
  }

  /// The gradients with the norm of each unit at most `ratio` times that of its weights, unless one is not finite:
  /// see ``Clipping/unitNorm(ratio:epsilon:for:)``.
  public func clipped(
    toUnitNorm ratio: Double, epsilon: Double = 1e-3, of model: some Module,
    for filter: ParameterFilter = .all
  ) -> (gradients: Gradients, report: ClippingReport) {
    var clipping = Clipping.unitNorm(ratio: ratio, epsilon: epsilon, for: filter)
    return clipping.clip(self, of: model)
  }

  private func clipped(by clipping: Clipping) -> (gradients: Gradients, report: ClippingReport) {
    var clipping = clipping
    return clipping.clip(self)
  }
}

// Every rule's arithmetic, for gradients that are finite.
extension Gradients {
  typealias Clipped = (gradients: Gradients, report: ClippingReport)

  func clipped(toGlobalNorm maximum: Double, p: Double, _ found: Statistics) -> Clipped {
    let norms = norms(p: p, found)
    let norm = joinedNorm(paths.map { norms[$0]! }, p: p)
    guard let factor = clipFactor(norm, maximum) else {
      return (self, ClippingReport(of: found, norm: norm, maximum: maximum))
    }
    let report = ClippingReport(
      statistics: found, norm: norm, maximum: maximum, factor: factor, factors: [:],
      culprit: largest(of: paths, norms))
    return (scaled(by: Dictionary(uniqueKeysWithValues: paths.map { ($0, factor) })), report)
  }

  func clipped(toParameterNorm maximum: Double, p: Double, _ found: Statistics) -> Clipped {
    let norms = norms(p: p, found)
    let factors = norms.compactMapValues { clipFactor($0, maximum) }
    return (scaled(by: factors), report(found, norms, p: p, factors, maximum: maximum))
  }

  func clipped(toValue limit: Double, _ found: Statistics) -> Clipped {
    let norms = norms(p: 2, found)
    var changed: [String: Tensor] = [:]
    for path in paths where found[path]!.largest > limit {
      changed[path] = self[path]!.clamped(min: -limit, max: limit)
    }
    let factors = changed.reduce(into: [:]) { factors, change in
      factors[change.key] = change.value.normInDouble(p: 2) / norms[change.key]!
    }
    return (replacing(changed), report(found, norms, p: 2, factors))
  }

  /// What PyTorch multiplies by, where the norm is too large.
  private func clipFactor(_ norm: Double, _ maximum: Double) -> Double? {
    norm > maximum ? maximum / (norm + 1e-6) : nil
  }

  private func norms(p: Double, _ found: Statistics) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: paths.map { ($0, norm(of: $0, p: p, found)) })
  }

  /// The first of the paths with the largest norm.
  private func largest(of candidates: [String], _ norms: [String: Double]) -> String? {
    let top = candidates.map { norms[$0]! }.max()
    return candidates.first { norms[$0] == top }
  }

  /// The report where each gradient that was changed has a factor.
  func report(
    _ found: Statistics, _ norms: [String: Double], p: Double, _ factors: [String: Double],
    maximum: Double = .infinity
  ) -> ClippingReport {
    let before = joinedNorm(paths.map { norms[$0]! }, p: p)
    if factors.isEmpty { return ClippingReport(of: found, norm: before, maximum: maximum) }
    let after = joinedNorm(paths.map { norms[$0]! * (factors[$0] ?? 1) }, p: p)
    return ClippingReport(
      statistics: found, norm: before, maximum: maximum, factor: after / before, factors: factors,
      culprit: largest(of: paths.filter { factors[$0] != nil }, norms))
  }
}
