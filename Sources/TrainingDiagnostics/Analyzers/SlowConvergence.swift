/// Losses that fall steadily and hardly at all.
///
/// - Finds: after at least 200 losses a fall of less than a tenth that is far beyond the noise and goes on at the end
///   at a third or more of its pace in the beginning: a longer step would have gone further. A note, as fine-tuning
///   looks the same; nothing where the rate has decayed, as runs slow down then.
public struct SlowConvergence: Analyzer {
  /// `slow-convergence`
  public static let name = "slow-convergence"
  /// It looks at the run as a whole.
  public static let occasion = Occasion.end

  /// Creates the analyzer.
  public init() {}

  /// Nothing: only the whole run tells.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? { nil }

  /// Looks at the run as a whole.
  public mutating func conclude(_ history: RunHistory) -> Finding? {
    let (series, levels) = (history.progress, history.progress.levels.values)
    guard series.count >= history.leastForPlateau, levels.count >= 16, history.beganAtItsStart,
      series.lowest > 0, !history.hasRateDecayed, let last = series.levels.steps.last
    else { return nil }
    let quarter = levels.count / 4
    let stretches = (0..<4).map { levels[($0 * quarter)..<(($0 + 1) * quarter)].median }
    let (early, late) = (stretches[0] - stretches[1], stretches[2] - stretches[3])
    let fall = (stretches[0] - stretches[3]) / stretches[0]
    guard fall > 0, fall < 0.1, late > 0.3 * early, Trend(levels).significance < -4 else {
      return nil
    }
    return Finding(
      .slowConvergence, cause: .learningRateTooLow, severity: .note, step: last, confidence: 0.5,
      evidence: ["fall": fall, "fall_in_last_quarter": late, "level": levels.last],
      remedy: "raise the learning rate; normalise the inputs; take Adam instead of plain SGD",
      nextTest: "from the start, train 200 steps with three times the learning rate")
  }
}
