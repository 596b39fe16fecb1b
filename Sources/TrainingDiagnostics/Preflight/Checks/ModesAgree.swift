internal import TrainingKit

/// Whether evaluation sees about the loss that training sees on the same batch.
///
/// - Finds: a loss that is more than twice, or less than half, in evaluation; before the first step only where no batch
///   normalization has statistics that it has yet to see.
public struct ModesAgree: PreflightCheck {
  /// `modes`
  public static let name = "modes"
  /// What it finds of a healthy run.
  public static let statement = "training and evaluation see similar losses"

  /// Creates the check.
  public init() {}

  /// Takes the batch through the model in evaluation.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let training = subject.pass.loss
    guard training.isFinite, training > 0 else { return [] }
    let pass = try subject.forward(subject.pass.batch, isEvaluating: true)
    guard pass.mistake == nil, !(pass.loss <= 2 * training && pass.loss >= training / 2) else {
      return []
    }
    let norm = subject.pass.calls.first {
      $0.name.hasPrefix("BatchNorm") || $0.name.hasPrefix("InstanceNorm")
    }
    let isFresh = norm != nil && subject.step == 0
    // Losses near zero differ by large factors without a reason.
    guard max(pass.loss, training) > 0.05 || !pass.loss.isFinite else { return [] }
    return [
      subject.finding(
        .modeMismatch, norm == nil ? .evaluationMismatch : .batchStatistics,
        isFresh ? .note : .warning, 0.8,
        ["training_loss": training, "evaluation_loss": pass.loss, "ratio": pass.loss / training],
        remedy: norm == nil
          ? "look at what differs between the modes: dropout before a normalization, or scaling by hand"
          : "let the running averages see batches first, or recalibrate them", place: norm?.path)
    ]
  }
}
