/// Evaluation that has come to see another loss than training does, on the same batch with the same weights.
///
/// - Finds: a loss in evaluation above that of the step by a quarter of the loss at the start or more, and by five
///   times what they differed by in four examinations or more that had them within a tenth of each other: the running
///   statistics of a normalization are not those of the data any more, which no loss of a step shows.
public struct ModeMismatch: Analyzer {
  /// `mode-mismatch`
  public static let name = "mode-mismatch"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  /// The last step at which both agreed.
  private var agreed: Int?
  /// By how much they differed when they agreed.
  private var distances = Window(capacity: 16)

  /// Creates the analyzer.
  public init() {}

  /// Compares the losses of an examination.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let training = step.loss, training.isFinite, let evaluation = step.details?.evaluationLoss
    else { return nil }
    let distance = evaluation.isFinite ? evaluation - training : .infinity
    if abs(distance) <= 0.1 * abs(training) {
      agreed = step.step
      distances.append(abs(distance))
    }
    guard distances.count >= 4, let agreed, let usual = distances.maximum,
      distance > max(0.25 * abs(history.loss.start), 5 * usual)
    else { return nil }
    return Finding(
      .modeMismatch, cause: .batchStatistics, severity: .warning, step: step.step, began: agreed,
      confidence: 0.85,
      evidence: [
        "training_loss": training, "evaluation_loss": evaluation, "ratio": evaluation / training,
        "agreed_at_step": Double(agreed),
      ],
      remedy:
        "recalibrate the running statistics over batches, and look at the batches since step \(agreed)",
      sources: ["Ioffe and Szegedy 2015, arXiv:1502.03167"])
  }
}
