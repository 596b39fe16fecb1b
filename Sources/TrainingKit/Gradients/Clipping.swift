/// How gradients are kept from being too large.
///
///     var clipping = Clipping.globalNorm(1)
///     let (clipped, report) = clipping.clip(gradients, of: model)
///     optimizer.update(model, with: clipped, learningRate: 1e-3)
///
/// Every rule measures gradients in one pass and leaves all of them as they are when one has a NaN or an infinity,
/// which therefore spreads to no other; the report names it. Gradients at a limit or below are left as they are, to the
/// bit. A limit of 0 makes every gradient 0, and an infinite one changes nothing. There are no duplicates: a model
/// lists a parameter that it uses twice once.
public struct Clipping: Sendable {
  private enum Rule: Sendable {
    case none
    case globalNorm(Double, p: Double)
    case parameterNorm(Double, p: Double)
    case unitNorm(UnitNormRule)
    case value(Double)
    case zScore(ZScoreRule)
    case percentile(Double, window: Int?)
  }
  private let rule: Rule

  /// What the rule remembers of earlier gradients; empty unless it is a z-score or a percentile. To resume a run, set
  /// it to what was kept.
  public var history = ClippingHistory()

  private init(_ rule: Rule) { self.rule = rule }

  /// Whether gradients are left as they are.
  package var isNone: Bool { if case .none = rule { true } else { false } }

  /// The clipped gradients, and what was found and done. A rule with a history takes note of their norm, unless it is
  /// not finite.
  public mutating func clip(
    _ gradients: Gradients, of model: some Module
  ) -> (gradients: Gradients, report: ClippingReport) {
    clip(gradients, parameters: model.parameters)
  }

  /// The same, with the weights that a rule may compare gradients with.
  package mutating func clip(
    _ gradients: Gradients, parameters: @autoclosure () -> [NamedParameter] = []
  ) -> (gradients: Gradients, report: ClippingReport) {
    if case .unitNorm(let rule) = rule { return gradients.clipped(by: rule, parameters()) }
    let found = gradients.statistics
    guard found.firstNonFinite == nil else { return (gradients, ClippingReport(of: found)) }
    switch rule {
    case .none, .unitNorm:
      return (gradients, ClippingReport(of: found))
    case .globalNorm(let maximum, let p):
      return gradients.clipped(toGlobalNorm: maximum, p: p, found)
    case .parameterNorm(let maximum, let p):
      return gradients.clipped(toParameterNorm: maximum, p: p, found)
    case .value(let limit):
      return gradients.clipped(toValue: limit, found)
    case .zScore(let rule):
      let maximum = history.limit(found.global.norm, by: rule)
      return gradients.clipped(toGlobalNorm: maximum, p: 2, found)
    case .percentile(let percentile, let window):
      let maximum = history.percentile(percentile, of: window, with: found.global.norm)
      return gradients.clipped(toGlobalNorm: maximum, p: 2, found)
    }
  }
}

extension Clipping {
  /// Gradients as they are.
  public static let none = Clipping(.none)

  /// All gradients times one factor, so that their global norm is at most `maximum`.
  ///
  /// The factor is maximum / (norm + 1e-6), as PyTorch's, but only where the norm is above the maximum.
  ///
  /// - Parameter p: which norm: 1, 2, infinity for the largest magnitude, or any number above 0.
  /// - Errors: traps when the maximum is NaN or negative, or p is NaN, negative or 0.
  /// - Source: Pascanu et al. 2013, algorithm 1, arXiv:1211.5063.
  public static func globalNorm(_ maximum: Double, p: Double = 2) -> Clipping {
    checked(maximum, "a maximum norm", p: p, .globalNorm(maximum, p: p))
  }

  /// Each gradient times a factor of its own, so that its norm is at most `maximum`; factors are as those of
  /// ``globalNorm(_:p:)``.
  ///
  /// - Errors: traps when the maximum is NaN or negative, or p is NaN, negative or 0.
  public static func parameterNorm(_ maximum: Double, p: Double = 2) -> Clipping {
    checked(maximum, "a maximum norm", p: p, .parameterNorm(maximum, p: p))
  }

  /// Adaptive gradient clipping: the gradient of each unit times a factor, so that its norm is at most `ratio` times
  /// that of the unit's weights.
  ///
  /// A unit is what one index of the first axis selects, such as the weights into one output of a `Linear` layer; a
  /// bias or another parameter of at most one axis is a unit as a whole. The factor is
  /// ratio · max(‖w‖, epsilon) / max(‖g‖, 1e-6). A unit whose weights are not finite is left alone.
  ///
  ///     Clipping.unitNorm(for: !.path("head.**"))
  ///
  /// - Parameters:
  ///   - epsilon: the least norm that weights count with, so that those that start at 0 can move.
  ///   - filter: the parameters to clip; the paper leaves out the last layer.
  /// - Errors: traps when the ratio is NaN or negative, or epsilon is negative or not finite.
  /// - Source: Brock et al. 2021, equation 3, arXiv:2102.06171.
  public static func unitNorm(
    ratio: Double = 0.01, epsilon: Double = 1e-3, for filter: ParameterFilter = .all
  ) -> Clipping {
    guard NumberRange.nonNegative.check(epsilon, "an epsilon", of: "Clipping") else { return .none }
    let rule = UnitNormRule(ratio: ratio, epsilon: epsilon, filter: filter)
    return checked(ratio, "a ratio", .unitNorm(rule))
  }

  /// Each element brought into −limit … limit.
  ///
  /// - Errors: traps when the limit is NaN or negative.
  public static func value(_ limit: Double) -> Clipping {
    checked(limit, "a largest value", .value(limit))
  }

  /// The global norm, where it lies too far above those of earlier steps: with the score
  /// z = (norm − mean) / (deviation + 1e-6), one above the threshold is clipped to
  /// mean + threshold² · deviation / z. Mean and deviation run over the norms as clipped, so that a spike does not
  /// raise them much.
  ///
  /// - Parameters:
  ///   - decay: the share of mean and variance that stays at a step.
  ///   - warmup: the first steps, whose norms the mean and deviation start from.
  ///   - maximum: what the global norm is clipped to in any case, in the first steps too.
  /// - Errors: traps when the threshold is not above 0, decay is not from 0 to below 1, warmup is below 1, or the
  ///   maximum is NaN or negative.
  /// - Source: Kumar et al. 2025 (ZClip), arXiv:2504.02507; the variance starts as that of the population, as in the
  ///   authors' code.
  public static func zScore(
    _ threshold: Double = 2.5, decay: Double = 0.97, warmup: Int = 25, maximum: Double = .infinity
  ) -> Clipping {
    guard NumberRange.positive.check(threshold, "a threshold", of: "Clipping"),
      NumberRange.fraction.check(decay, "a decay", of: "Clipping"),
      expect(warmup >= 1, "a warmup of at least 1 step", got: warmup)
    else { return .none }
    let rule = ZScoreRule(threshold: threshold, decay: decay, warmup: warmup, maximum: maximum)
    return checked(maximum, "a maximum norm", .zScore(rule))
  }

  /// The global norm, brought down to a percentile of all norms so far, this step's among them.
  ///
  /// - Parameters:
  ///   - percentile: from 0, the least norm, to 100; between two norms it is on the line from one to the other.
  ///   - window: how many of the latest norms count; nil for all, at 8 bytes a step.
  /// - Errors: traps when the percentile is not from 0 to 100 or the window is below 1.
  /// - Source: Seetharaman et al. 2020 (AutoClip), arXiv:2007.14469.
  public static func percentile(_ percentile: Double = 10, window: Int? = nil) -> Clipping {
    guard expect((0...100).contains(percentile), "a percentile from 0 to 100", got: percentile),
      expect((window ?? 1) >= 1, "a window of at least 1 norm", got: window ?? 1)
    else { return .none }
    return Clipping(.percentile(percentile, window: window))
  }

  private static func checked(
    _ limit: Double, _ name: String, p: Double = 2, _ rule: Rule
  ) -> Clipping {
    let isRight =
      NumberRange.limit.check(limit, name, of: "Clipping") && checkOrder(p, of: "Clipping")
    return isRight ? Clipping(rule) : .none
  }

  /// Whether p is the order of a norm; reports it when not.
  static func checkOrder(_ p: Double, of owner: String) -> Bool {
    expect(p > 0, "a p above 0, or infinity", got: p, of: owner)
  }

  private static func expect(
    _ isRight: Bool, _ expected: String, got: Any, of owner: String = "Clipping"
  ) -> Bool {
    if !isRight { Context.current.fail(TensorError.argument(owner, expected: expected, got: got)) }
    return isRight
  }
}
