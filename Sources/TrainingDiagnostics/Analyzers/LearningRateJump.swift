/// Learning rates that jump to where they never were, and take the loss along.
///
/// - Finds: a rate at three times the highest so far, after fifty steps, behind which the next five losses are far
///   above their level. A warm restart goes back to a rate that the run has seen, and is none.
public struct LearningRateJump: Analyzer {
  /// `learning-rate-jump`
  public static let name = "learning-rate-jump"
  private var watch: LevelWatch?
  private var rates = (before: 0.0, after: 0.0)

  /// Creates the analyzer.
  public init() {}

  /// Looks for a jump, or at the losses behind one.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    if let rate = step.learningRate, history.learningRate.count >= 50,
      rate > 3 * history.learningRate.peak, history.learningRate.peak > 0, watch == nil
    {
      rates = (history.learningRate.last?.value ?? 0, rate)
      watch = LevelWatch(at: step.step, history.loss)
    }
    guard let change = watch?.change(with: step.loss) else { return nil }
    defer { watch = nil }
    guard change.isAbove else { return nil }
    return Finding(
      .learningRateJump, cause: .schedule, severity: .warning, step: change.step, confidence: 0.9,
      evidence: [
        "learning_rate": rates.after, "rate_before": rates.before, "loss": change.after,
        "loss_before": change.before,
      ],
      remedy: "correct the schedule, and go on from a checkpoint before the jump")
  }
}
