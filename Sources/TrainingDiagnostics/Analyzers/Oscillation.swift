/// Losses that swing instead of falling.
///
/// - Finds: losses that jump to the other side of their level at nearly every step, which noise does not do and a
///   step beyond the minimum does; and swings that have grown to many times what they once were, lastingly and far
///   above the level of that time.
public struct Oscillation: Analyzer {
  /// `oscillation`
  public static let name = "oscillation"

  /// Losses of 32 steps, summed up.
  private struct Stretch {
    let level, swing: Double
  }

  private var calm: Stretch?
  private var last: [Stretch] = []
  private var seen = 0

  /// Creates the analyzer.
  public init() {}

  /// Looks back at every 32nd loss.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    let losses = history.loss
    guard losses.count >= 64, losses.count % 32 == 0, losses.count != seen,
      let median = losses.recent.median
    else { return nil }
    seen = losses.count
    let values = losses.recent.values
    let alternation = -Oscillation.correlation(values)
    let swing = (losses.recent.deviation ?? 0) / losses.magnitude(of: median)
    let isFalling = Trend(values).significance < -4
    if alternation >= 0.7, swing >= 0.05, !isFalling {
      return finding(
        step, ["alternation": alternation, "swing": swing, "level": median], .learningRateTooHigh)
    }
    return growth(of: Array(values.suffix(32)), at: step, history)
  }

  /// Compares the swings of a stretch with the calmest one so far.
  private mutating func growth(
    of values: [Double], at step: StepRecord, _ history: RunHistory
  ) -> Finding? {
    let changes = values.indices.dropFirst().map { abs(values[$0] - values[$0 - 1]) }
    let stretch = Stretch(level: values.median, swing: changes.median)
    last = last.suffix(3) + [stretch]
    guard let calm, last.count == 4 else {
      calm = calm ?? stretch
      return nil
    }
    let magnitude = history.loss.magnitude(of: calm.level)
    let isWild = last.allSatisfy {
      $0.swing > 5 * calm.swing && $0.swing > 0.2 * magnitude
        && $0.level > calm.level
          + max(5 * calm.swing, 0.3 * magnitude, 0.5 * (history.loss.start - calm.level))
    }
    if stretch.swing < calm.swing { self.calm = stretch }
    guard isWild else { return nil }
    return finding(
      step,
      [
        "swing": stretch.swing, "calmest_swing": calm.swing, "level": stretch.level,
        "level_then": calm.level,
      ], .undetermined)
  }

  private func finding(_ step: StepRecord, _ evidence: Evidence, _ cause: Cause) -> Finding {
    Finding(
      .oscillation, cause: cause, severity: .warning, step: step.step,
      confidence: cause == .undetermined ? 0.7 : 0.9, evidence: evidence,
      remedy: cause == .undetermined
        ? "lower the learning rate, or take larger batches"
        : "halve the learning rate, or the momentum",
      nextTest: cause == .undetermined
        ? "evaluate a batch right after the step on it: higher than before is curvature, lower is noise"
        : nil,
      sources: ["Cohen et al. 2021, arXiv:2103.00065"])
  }

  /// The correlation of each value with the one before it, without their line of trend; -1 where they alternate.
  static func correlation(_ values: [Double]) -> Double {
    let (middle, mean) = (Double(values.count - 1) / 2, values.reduce(0, +) / Double(values.count))
    let places = values.indices.map { Double($0) - middle }
    let slope =
      zip(places, values).reduce(0) { $0 + $1.0 * ($1.1 - mean) }
      / places.reduce(0) { $0 + $1 * $1 }
    let rests = zip(places, values).map { $1 - mean - slope * $0 }
    let power = rests.reduce(0) { $0 + $1 * $1 }
    return power > 0 ? zip(rests, rests.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / power : 0
  }
}
