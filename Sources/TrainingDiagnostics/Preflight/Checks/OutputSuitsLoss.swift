internal import TrainingKit

/// Whether the model gives what its loss takes.
///
/// - Finds: probabilities where logits belong, and the reverse; targets beyond what the last activation can reach.
/// - Source: NeuraLint's rules of last layer and loss, of 100 % precision.
public struct OutputSuitsLoss: PreflightCheck {
  /// `output-and-loss`
  public static let name = "output-and-loss"
  /// What it finds of a healthy run.
  public static let statement = "the loss takes what the model gives"

  /// Creates the check.
  public init() {}

  /// Compares the output with what the loss expects of it.
  public func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let pass = subject.pass
    guard let kind = LossKind(pass), let output = pass.output, output.isAllFinite, output.count > 0
    else { return [] }
    switch kind {
    case .crossEntropy: return Prediction(pass).map { classes($0, subject) } ?? []
    case .likelihood: return Prediction(pass).map { likelihood($0, subject) } ?? []
    case .binaryLogits: return binary(subject)
    case .binaryProbabilities, .distance: return targets(output, kind, subject)
    }
  }

  private func classes(_ prediction: Prediction, _ subject: PreflightSubject) -> [Finding] {
    guard prediction.classes > 1, prediction.areProbabilities else { return [] }
    return [
      subject.finding(
        .outputMismatch, .softmaxTwice, .warning, 0.98,
        ["least": prediction.scores.min().item(), "largest": prediction.scores.max().item()],
        remedy:
          "take the softmax out of the model: cross entropy has its own, and twice it hardly learns",
        place: subject.pass.lastActivation?.place ?? "output")
    ]
  }

  private func likelihood(_ prediction: Prediction, _ subject: PreflightSubject) -> [Finding] {
    if prediction.areLogProbabilities { return [] }
    // Another loss than that of the likelihood may gather, too.
    guard let value = prediction.meanSurprise({ $0 }),
      abs(value - subject.pass.loss) <= 0.01 * abs(value) + 1e-4
    else { return [] }
    return [
      subject.finding(
        .outputMismatch, .missingLogSoftmax, .fault, 0.98,
        [
          "least": prediction.scores.min().item(), "largest": prediction.scores.max().item(),
          "loss": value,
        ],
        remedy:
          "end the model with logSoftmax, or use crossEntropy, which takes logits: this loss has no lower bound",
        place: "output")
    ]
  }

  private func binary(_ subject: PreflightSubject) -> [Finding] {
    guard let last = subject.pass.lastActivation, ["sigmoid", "softmax"].contains(last.name) else {
      return []
    }
    return [
      subject.finding(
        .outputMismatch, .sigmoidTwice, .warning, 0.98,
        ["largest": subject.pass.output?.max().item()],
        remedy: "take the \(last.name) out of the model: the loss has its own", place: last.place)
    ]
  }

  private func targets(_ output: Tensor, _ kind: LossKind, _ subject: PreflightSubject) -> [Finding]
  {
    let targets = subject.pass.batch.y.cast(to: .float64)
    let last = subject.pass.lastActivation
    let range: ClosedRange<Double>? =
      kind == .binaryProbabilities ? 0...1 : last.flatMap { Self.ranges[$0.name] }
    let level = targets.rootMeanSquare
    guard let range, range.upperBound.isFinite || targets.min().item() < range.lowerBound else {
      return kind == .distance && level > 100 ? [loud(level, output, subject)] : []
    }
    let tolerance = 0.02
    let beyond =
      ((targets .< range.lowerBound - tolerance) .| (targets .> range.upperBound + tolerance))
      .cast(to: .float64).mean().item()
    guard beyond > 0.02 else { return [] }
    return [
      subject.finding(
        .outputMismatch, .targetRange, .fault, 0.97,
        [
          "share_beyond": beyond, "least_target": targets.min().item(),
          "largest_target": targets.max().item(),
          "reach_from": range.lowerBound, "reach_to": range.upperBound,
        ],
        remedy: kind == .binaryProbabilities
          ? "give targets from 0 to 1"
          : "take the last activation out, or scale the targets into its range",
        place: last?.place ?? "labels")
    ]
  }

  /// Targets of thousands, which take the weights long to reach and make gradients as large.
  private func loud(_ level: Double, _ output: Tensor, _ subject: PreflightSubject) -> Finding {
    subject.finding(
      .outputMismatch, .notNormalized, .warning, 0.85,
      ["target_rms": level, "output_rms": output.rootMeanSquare, "loss": subject.pass.loss],
      remedy: "bring targets to mean 0 and variance 1, and predictions back by the same numbers",
      place: "labels")
  }

  /// What activations can give.
  private static let ranges: [String: ClosedRange<Double>] = [
    "sigmoid": 0...1, "softmax": 0...1, "tanh": -1...1, "relu": 0...(.infinity),
    "hardsigmoid": 0...1,
    "softplus": 0...(.infinity), "logSoftmax": -.infinity...0,
  ]
}

extension PreflightPass {
  /// The operation that makes the output, other than those that only move elements.
  var lastActivation: (name: String, place: String)? {
    let silent: Set = ["reshaped", "cast", "slice", "permuted", "broadcast"]
    let call = calls.last { $0.kind == .operation && $0.path != nil && !silent.contains($0.name) }
    return call.map { ($0.name, $0.place) }
  }
}
