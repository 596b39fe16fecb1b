/// Losses that swing instead of falling.
///
/// - Finds: losses that jump to the other side of their level at nearly every step, which noise does not do and a
///   step beyond the minimum does, a note where it was always so; and swings that have grown to many times what they
///   once were, lastingly and far above the level of that time.
public struct Oscillation: Analyzer {
  /// `oscillation`
  public static let name = "oscillation"
  /// It looks back at every 32nd loss.
  public static let occasion = Occasion.level

  /// Losses of 32 steps, summed up.
  private struct Stretch {
    let level, swing: Double
  }

  private var calm, best: Stretch?
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
    let recent = values.suffix(32)
    let changes = recent.indices.dropFirst().map { abs(values[$0] - values[$0 - 1]) }
    let stretch = Stretch(level: recent.median, swing: changes.median)
    defer {
      calm = calm.map { stretch.swing < $0.swing ? stretch : $0 } ?? stretch
      best = best.map { stretch.level < $0.level ? stretch : $0 } ?? stretch
    }
    last = last.suffix(3) + [stretch]
    return alternation(values, stretch, median, step, history) ?? growth(stretch, step, history)
      ?? unrest(stretch, step, history)
  }

  /// Whether losses change sides at every step. Where they always did, batches of two kinds may take turns.
  private func alternation(
    _ values: [Double], _ stretch: Stretch, _ median: Double, _ step: StepRecord,
    _ history: RunHistory
  ) -> Finding? {
    let alternation = -Oscillation.correlation(values)
    let swing = stretch.swing / history.loss.magnitude(of: median)
    guard alternation >= 0.7, swing >= 0.05, Trend(values).significance > -4 else { return nil }
    let hasGrown = calm.map { stretch.swing > 3 * $0.swing } ?? false
    return finding(
      step, history.step(values.count - 1, before: step.step),
      ["alternation": alternation, "swing": swing, "level": median],
      hasGrown ? .learningRateTooHigh : .undetermined, severity: hasGrown ? .warning : .note)
  }

  /// Compares the swings of the last stretches with the calmest one so far.
  private func growth(
    _ stretch: Stretch, _ step: StepRecord, _ history: RunHistory
  ) -> Finding? {
    guard let calm, last.count == 4 else { return nil }
    let magnitude = history.loss.magnitude(of: calm.level)
    let isWild = last.allSatisfy {
      $0.swing > 5 * calm.swing && $0.swing > 0.2 * magnitude
        && $0.level > calm.level
          + max(5 * calm.swing, 0.3 * magnitude, 0.5 * (history.loss.start - calm.level))
    }
    guard isWild else { return nil }
    return finding(
      step, history.step(32 * last.count - 1, before: step.step),
      [
        "swing": stretch.swing, "calmest_swing": calm.swing, "level": stretch.level,
        "level_then": calm.level,
      ], .undetermined, severity: .warning)
  }

  /// Compares the last stretches with the lowest one so far.
  private func unrest(
    _ stretch: Stretch, _ step: StepRecord, _ history: RunHistory
  ) -> Finding? {
    guard let best, last.count == 4 else { return nil }
    let least = 0.5 * history.loss.magnitude(of: best.level)
    let isRestless = last.allSatisfy {
      $0.swing > 1.5 * best.swing && $0.swing > least && $0.level > best.level + best.swing
    }
    guard isRestless else { return nil }
    return finding(
      step, history.step(32 * last.count - 1, before: step.step),
      [
        "swing": stretch.swing, "swing_then": best.swing, "level": stretch.level,
        "best_level": best.level,
      ], .undetermined, severity: .note)
  }

  private func finding(
    _ step: StepRecord, _ began: Int, _ evidence: Evidence, _ cause: Cause, severity: Severity
  ) -> Finding {
    Finding(
      .oscillation, cause: cause, severity: severity, step: step.step,
      began: began, confidence: cause == .undetermined ? 0.7 : 0.9, evidence: evidence,
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
