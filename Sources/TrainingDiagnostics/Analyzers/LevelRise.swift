/// Losses that have come to a higher level from one step to the next.
///
/// - Finds: a step from which on the losses of the last 64 steps are higher than those before, by 5 % and by six
///   standard errors, of 16 losses or more on either side. It is a note: a rate that rises does it, and so do other
///   data, which a replay tells apart. Where the run was resumed at that very step it goes on worse than it was, which
///   is a warning.
public struct LevelRise: Analyzer {
  /// `level-rise`
  public static let name = "level-rise"
  /// It looks back at every eighth loss.
  public static let occasion = Occasion.level
  /// How many losses there have to be on either side.
  static let least = 16
  private var seen = 0

  /// Creates the analyzer.
  public init() {}

  /// Looks back at every eighth loss.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    let losses = history.loss
    guard losses.count >= 64, losses.count % 8 == 0, losses.count != seen else { return nil }
    seen = losses.count
    guard let rise = Self.rise(of: losses) else { return nil }
    let first = history.step(losses.recent.count - rise.place, before: step.step)
    let isResumed = history.resumeStep.map { abs($0 - first) <= 2 } ?? false
    return Finding(
      isResumed ? .resumeJump : .levelRise, cause: isResumed ? .lostState : .undetermined,
      severity: isResumed ? .warning : .note, step: first, confidence: 0.8,
      evidence: ["level_before": rise.before, "level": rise.after, "errors": rise.errors],
      remedy: isResumed
        ? "restore weights, moments, schedule, random state and the place in the data as they were"
        : "look at what has changed at this step: data, rate, or code",
      nextTest: isResumed
        ? nil
        : "compare the losses of batches before and after, with the weights of an earlier state")
  }

  /// Where the last losses have risen for good; nil where they have not.
  static func rise(of losses: Series) -> ShiftOfMean? {
    guard let rise = ShiftOfMean(losses.recent.values, least: least), rise.errors > 6,
      rise.after - rise.before > 0.05 * losses.magnitude(of: rise.before)
    else { return nil }
    return rise
  }
}
