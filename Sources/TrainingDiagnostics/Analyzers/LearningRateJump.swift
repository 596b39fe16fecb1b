/// Learning rates that jump to where they never were, and take the loss along.
///
/// - Finds: a rate at three times the highest so far, after fifty steps, behind which the next five losses are far
///   above their level, or the next 64 lastingly: a rise that begins with the jump, as ``LevelRise`` tells. A jump to
///   ten times the rate from which on losses hardly fall is a note. A warm restart goes back to a rate that the run has
///   seen, and is none.
public struct LearningRateJump: Analyzer {
  /// `learning-rate-jump`
  public static let name = "learning-rate-jump"
  private var watch: LevelWatch?
  private var rates = (before: 0.0, after: 0.0)
  /// How many losses there were before the last jump, their level, and its step; nil once they are too long ago.
  private var jump: (losses: Int, level: Double, step: Int)?

  /// Creates the analyzer.
  public init() {}

  /// Looks for a jump, or at the losses behind one.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    if let rate = step.learningRate, history.learningRate.count >= 50,
      rate > 3 * history.learningRate.peak, history.learningRate.peak > 0, watch == nil
    {
      // The peak follows the rate some steps later.
      if jump == nil { rates = (history.learningRate.last?.value ?? 0, rate) }
      watch = LevelWatch(at: step.step, history.loss)
      jump = jump ?? (history.loss.count, Self.level(of: history.loss), step.step)
    }
    if let change = watch?.change(with: step.loss) {
      watch = nil
      if change.isAbove { return finding(change.step, before: change.before, after: change.after) }
    }
    guard let jump else { return nil }
    if let rise = rise(behind: jump.losses, history.loss) {
      return finding(jump.step, before: rise.before, after: rise.after)
    }
    // A table's ten times is seldom ten times to the bit.
    guard history.loss.count == jump.losses + 64, rates.after > 9.9 * rates.before else {
      return nil
    }
    let now = Self.level(of: history.loss)
    guard now >= jump.level - 0.1 * abs(jump.level) else { return nil }
    return finding(jump.step, before: jump.level, after: now, severity: .note)
  }

  /// The median of the last 16 losses.
  private static func level(of losses: Series) -> Double { losses.recent.values.suffix(16).median }

  /// A rise of the last losses that begins with a jump; nil where there is none.
  private mutating func rise(behind jump: Int, _ losses: Series) -> ShiftOfMean? {
    let count = losses.count - jump
    if count > 64 { self.jump = nil }
    guard count >= LevelRise.least, count % 8 == 0, let rise = LevelRise.rise(of: losses),
      abs(losses.recent.count - rise.place - count) <= 3
    else { return nil }
    self.jump = nil
    return rise
  }

  private func finding(
    _ step: Int, before: Double, after: Double, severity: Severity = .warning
  ) -> Finding {
    Finding(
      .learningRateJump, cause: .schedule, severity: severity, step: step, confidence: 0.9,
      evidence: [
        "learning_rate": rates.after, "rate_before": rates.before, "loss": after,
        "loss_before": before,
      ],
      remedy: "correct the schedule, and go on from a checkpoint before the jump")
  }
}
