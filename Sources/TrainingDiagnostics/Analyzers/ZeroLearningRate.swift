/// Learning rates of zero: steps that move nothing.
///
/// - Finds: fifty steps at zero from the beginning, a fault, or later, a warning; and a short run of ten or more that
///   knows no other rate. A rate that was only printed as zero gives itself away by a loss that falls.
public struct ZeroLearningRate: Analyzer {
  /// `zero-learning-rate`
  public static let name = "zero-learning-rate"
  private var count = 0
  private var wasAbove = false
  private var first: Int?

  /// Creates the analyzer.
  public init() {}

  /// Counts steps without a learning rate.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let rate = step.learningRate else { return nil }
    guard rate == 0 else {
      (count, wasAbove, first) = (0, true, nil)
      return nil
    }
    count += 1
    first = first ?? step.step
    // Asked once: a loss that has fallen until then tells of a rate that was only printed as zero.
    return count == 50 ? finding(history) : nil
  }

  /// Looks at a run that may have been too short.
  public mutating func conclude(_ history: RunHistory) -> Finding? {
    (10..<50).contains(count) && !wasAbove ? finding(history) : nil
  }

  private func finding(_ history: RunHistory) -> Finding? {
    let losses = history.loss.recent.values.suffix(count)
    guard let first, Trend(Array(losses)).significance > -3 else { return nil }
    return Finding(
      .zeroLearningRate, cause: .schedule, severity: wasAbove ? .warning : .fault, step: first,
      confidence: 0.95,
      evidence: ["learning_rate": 0, "steps": Double(count), "loss": history.loss.last?.value],
      remedy: wasAbove
        ? "let the schedule last as long as the run"
        : "set a learning rate; advance the schedule after the optimizer, once a step")
  }
}
