/// What clipping found and did.
public struct ClippingReport: Sendable, Hashable {
  /// What one pass found in the gradients as they came.
  public let statistics: Gradients.Statistics
  /// The global norm before clipping: the p-norm where the rule has a p, else the 2-norm.
  public let norm: Double
  /// The largest norm that the rule allowed this time: its maximum, or what it made of the history; infinite where it
  /// allows any, or limits something else.
  public let maximum: Double
  /// The global norm after clipping divided by that before; 1 when gradients were left as they were.
  public let factor: Double
  /// What each gradient that was changed had its norm multiplied by, where that differs between parameters; empty
  /// where `factor` holds for all.
  public let factors: [String: Double]
  /// The parameter to look at: the first that is not finite; else, when gradients were clipped, that with the largest
  /// norm of those that were.
  public let culprit: String?

  /// The first parameter whose gradient has a NaN or an infinity; nothing is clipped then.
  public var nonFinite: String? { statistics.firstNonFinite }
  /// Whether gradients were changed.
  public var isClipped: Bool { culprit != nil && nonFinite == nil }
}

extension ClippingReport {
  /// Gradients were left as they were.
  init(of statistics: Gradients.Statistics, norm: Double? = nil, maximum: Double = .infinity) {
    self.init(
      statistics: statistics, norm: norm ?? statistics.global.norm, maximum: maximum, factor: 1,
      factors: [:], culprit: statistics.firstNonFinite)
  }
}
