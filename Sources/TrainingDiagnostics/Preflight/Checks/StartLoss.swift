internal import TrainingKit

/// Whether the loss of a classifier starts where that of a guess does, at ln C.
///
/// - Finds: a loss that is not the mean surprise at the labels; a mean surprise above 1.2 ln C, which separates bad
///   from good starts without exception, but is no fault, as training may mend it.
/// - Source: Karpathy, A Recipe for Training Neural Networks, 2019; TheDeepChecker, arXiv:2204.00694.
public struct StartLoss: PreflightCheck {
  /// `start-loss`
  public static let name = "start-loss"
  /// What it finds of a healthy run.
  public static let statement = "the loss starts at that of a guess"

  /// Creates the check.
  public init() {}

  /// Compares the loss with a guess, and with the surprise that the outputs stand for.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let pass = subject.pass
    guard subject.step == 0, LossKind(pass) == .crossEntropy, pass.loss.isFinite,
      let prediction = Prediction(pass), prediction.classes > 1,
      let surprise = prediction.meanSurprise({ $0.logSoftmax(axis: 1) }), surprise.isFinite
    else { return [] }
    let guess = logarithm(Double(prediction.classes))
    let evidence: Evidence = [
      "loss": pass.loss, "ln_classes": guess, "ratio": pass.loss / guess, "mean_surprise": surprise,
      "logit_rms": prediction.scores.rootMeanSquare, "input_rms": pass.inputLevel,
    ]
    let sources = ["Karpathy, A Recipe for Training Neural Networks, 2019"]
    if surprise > 0, let factor = factor(prediction, pass), !(0.2...5).contains(factor) {
      let isSum = factor > 1
      return [
        subject.finding(
          .startLoss, .lossReduction, .warning, 0.9, evidence,
          remedy: isSum
            ? "take the mean of the losses: this is a sum, so that gradients grow with the batch"
            : "divide the losses by the number of labels that take part, once", place: "loss",
          sources: sources)
      ]
    }
    if surprise > 1.2 * guess, surprise > guess + 0.3 {
      let isInput = pass.inputLevel.map { $0 > 8 } ?? false
      return [
        subject.finding(
          .startLoss, isInput ? .inputScale : .initialization, .warning, 0.9, evidence,
          remedy: isInput
            ? "bring inputs to mean 0 and variance 1"
            : "start the last layer with smaller weights: outputs are sure before they have learned",
          place: "output",
          sources: sources)
      ]
    }
    if surprise < 0.5 * guess {
      return [
        subject.finding(
          .startLoss, .undetermined, .note, 0.6, evidence,
          remedy: "none, where the weights were trained before",
          test: "look whether inputs contain the labels",
          place: "output", sources: sources)
      ]
    }
    return []
  }

  /// What the mean of the losses is multiplied by, as the gradient at the scores tells: a constant that is added to the
  /// loss changes nothing. Nil where the scores are not what the model gave, or get no gradient.
  private func factor(_ prediction: Prediction, _ pass: PreflightPass) -> Double? {
    let place = pass.calls.lastIndex { $0.kind == .module && $0.path == "" }
    guard let place, let found = pass.callGradients[place]?.rootMeanSquare,
      let expected = prediction.gradientLevel, expected > 0, found > 0
    else { return nil }
    return found / expected
  }
}

extension PreflightPass {
  /// The root mean square of the inputs; nil where they are tokens.
  var inputLevel: Double? { batch.x.dtype.isFloatingPoint ? batch.x.rootMeanSquare : nil }
}
