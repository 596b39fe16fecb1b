/// How gradients are kept from being too large.
public struct Clipping: Sendable, Hashable {
  fileprivate enum Rule: Hashable { case none, globalNorm(Double), value(Double) }
  fileprivate let rule: Rule

  /// Gradients as they are.
  public static let none = Clipping(rule: .none)

  /// All gradients times one factor, so that their global norm is at most `maximum`.
  ///
  /// - Errors: traps when the maximum is NaN or negative.
  /// - Source: Pascanu et al. 2013, algorithm 1, arXiv:1211.5063.
  public static func globalNorm(_ maximum: Double) -> Clipping {
    checked(.globalNorm(maximum), maximum, "a maximum norm")
  }

  /// Each element brought into −limit … limit.
  ///
  /// - Errors: traps when the limit is NaN or negative.
  public static func value(_ limit: Double) -> Clipping {
    checked(.value(limit), limit, "a largest value")
  }

  private static func checked(_ rule: Rule, _ limit: Double, _ name: String) -> Clipping {
    NumberRange.limit.check(limit, name, of: "Clipping") ? Clipping(rule: rule) : .none
  }
}

/// What clipping found and did.
public struct ClippingReport: Sendable, Hashable {
  /// The global norm before clipping.
  public let norm: Double
  /// The global norm after clipping divided by that before; 1 when gradients were left as they were.
  public let factor: Double
  /// The first parameter whose gradient has a NaN or an infinity; nothing is clipped then.
  public let nonFinite: String?

  /// Whether gradients were changed.
  public var isClipped: Bool { factor != 1 }
}

extension Gradients {
  /// The gradients times one factor, so that their global norm is at most `maximum`.
  ///
  /// The factor is maximum / (norm + 1e-6), as PyTorch's, but only where the norm is above the maximum. A NaN or an
  /// infinity spreads to no other gradient: nothing is clipped then, and the report names it.
  public func clipped(
    toGlobalNorm maximum: Double
  ) -> (gradients: Gradients, report: ClippingReport) {
    clipped(by: .globalNorm(maximum))
  }

  /// The gradients with each element brought into −limit … limit, unless one is not finite.
  public func clipped(toValue limit: Double) -> (gradients: Gradients, report: ClippingReport) {
    clipped(by: .value(limit))
  }

  /// The clipped gradients.
  public func clipped(by clipping: Clipping) -> (gradients: Gradients, report: ClippingReport) {
    let (gradients, scale, report) = measured(clipping: clipping)
    return (scale == 1 ? gradients : gradients * scale, report)
  }

  /// Measures and clips in one pass, as far as that goes: the gradients still have to be multiplied by `scale`, which
  /// a fused update does on its way.
  package func measured(
    clipping: Clipping
  ) -> (gradients: Gradients, scale: Double, report: ClippingReport) {
    let (norm, nonFinite) = measured()
    func report(_ factor: Double) -> ClippingReport {
      ClippingReport(norm: norm, factor: factor, nonFinite: nonFinite)
    }
    guard nonFinite == nil else { return (self, 1, report(1)) }
    switch clipping.rule {
    case .globalNorm(let maximum) where norm > maximum:
      let scale = maximum / (norm + 1e-6)
      return (self, scale, report(scale))
    case .value(let limit):
      let clamped = mapped { $1.clamped(min: -limit, max: limit) }
      return (clamped, 1, report(norm == 0 ? 1 : clamped.globalNorm / norm))
    default:
      return (self, 1, report(1))
    }
  }

  /// The global norm and the first parameter whose gradient is not finite, in one pass.
  private func measured() -> (norm: Double, nonFinite: String?) {
    var sum = 0.0
    var nonFinite: String?
    for path in paths {
      let squares = self[path]!.squareSum
      if !squares.isFinite, nonFinite == nil { nonFinite = path }
      sum += squares
    }
    return (sum.squareRoot(), nonFinite)
  }
}
