/// Steps that move nothing, one after the other.
///
/// - Finds: five steps in a row that were skipped for a reason which will not pass by itself, a fault; and forty for
///   overflow, more than any search for a loss scale needs, a warning.
public struct SkippedSteps: Analyzer {
  /// `skipped-steps`
  public static let name = "skipped-steps"
  private var count = 0
  private var overflows = 0

  /// Creates the analyzer.
  public init() {}

  /// Counts steps that were skipped.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let skip = step.skip else {
      (count, overflows) = (0, 0)
      return nil
    }
    count += 1
    if skip == .overflow { overflows += 1 }
    guard count - overflows >= 5 || overflows >= 40 else { return nil }
    let isOverflow = overflows >= 40
    return Finding(
      .skippedSteps,
      cause: isOverflow ? .overflow : skip == .emptyBatch ? .emptyBatches : .undetermined,
      severity: isOverflow ? .warning : .fault, step: step.step, confidence: 0.95,
      evidence: [
        "skipped_in_a_row": Double(count), "last_loss": history.loss.last?.value,
        "loss_scale": step.lossScale,
      ],
      remedy: skip == .emptyBatch
        ? "see that batches have labels that count"
        : skip == .noGradients
          ? "see that the loss depends on the parameters that are trained"
          : "go back to a checkpoint before the first skipped step, with a lower learning rate",
      nextTest: "run the step once more on another batch, and in float32")
  }
}
