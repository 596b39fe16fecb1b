/// Steps that move nothing, one after the other.
///
/// - Finds: five steps in a row that were skipped for a reason which will not pass by itself, as for overflow at a loss
///   scale that does not fall, a fault; and forty for overflow, more than any search for a scale needs, a warning.
public struct SkippedSteps: Analyzer {
  /// `skipped-steps`
  public static let name = "skipped-steps"
  private var count = 0
  private var overflows = 0
  /// How many overflows in a row there were at the last scale.
  private var overflowsAtScale = 0
  private var scale: Double?

  /// Creates the analyzer.
  public init() {}

  /// Counts steps that were skipped.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let skip = step.skip else {
      (count, overflows, overflowsAtScale) = (0, 0, 0)
      return nil
    }
    count += 1
    if skip == .overflow {
      overflows += 1
      overflowsAtScale = step.lossScale != nil && step.lossScale == scale ? overflowsAtScale + 1 : 1
      scale = step.lossScale
    }
    let isOverflow = overflowsAtScale >= 5 || overflows >= 40
    guard isOverflow || count - overflows >= 5 else { return nil }
    return Finding(
      .skippedSteps,
      cause: isOverflow ? .overflow : skip == .emptyBatch ? .emptyBatches : .undetermined,
      severity: isOverflow && overflowsAtScale < 5 ? .warning : .fault, step: step.step,
      began: history.step(count - 1, before: step.step), confidence: 0.95,
      evidence: [
        "skipped_in_a_row": Double(count), "last_loss": history.loss.last?.value,
        "loss_scale": step.lossScale,
      ],
      remedy: isOverflow
        ? "train in bfloat16, or with a loss scale that may fall"
        : skip == .emptyBatch
          ? "see that batches have labels that count"
          : skip == .noGradients
            ? "see that the loss depends on the parameters that are trained"
            : "go back to a checkpoint before the first skipped step, with a lower learning rate",
      nextTest: "run the step once more on another batch, and in float32")
  }
}
