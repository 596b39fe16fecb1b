/// Losses and gradients that are NaN or infinite.
///
/// - Finds: a loss that is not finite, which is a fault unless the step was skipped on purpose; norms of gradients
///   that are not finite beside a finite loss, which mean little alone: a loss scale, an empty batch, a norm beyond
///   float32.
public struct NonFiniteValues: Analyzer {
  /// `non-finite-values`
  public static let name = "non-finite-values"

  /// Creates the analyzer.
  public init() {}

  /// Looks at the values of a step.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    if step.skip == .overflow || step.skip == .emptyBatch { return nil }
    if let loss = step.loss, !loss.isFinite { return self.loss(in: step, after: history) }
    if let norm = step.gradientNorm, !norm.isFinite { return gradient(in: step, after: history) }
    return evaluation(in: step)
  }

  private func loss(in step: StepRecord, after history: RunHistory) -> Finding {
    let isRising =
      history.loss.last.flatMap { history.loss.ratio(of: $0.value, least: 3) } ?? 1 > 2
      || history.gradientNorm.last.flatMap { history.gradientNorm.ratio(of: $0.value, least: 3) }
        ?? 1 > 5
    return Finding(
      .nonFiniteLoss, cause: isRising ? .learningRateTooHigh : .undetermined,
      severity: step.skip == nil ? .fault : .warning, step: step.step, confidence: 1,
      evidence: [
        "last_finite_loss": history.loss.last?.value,
        "last_finite_norm": history.gradientNorm.last?.value, "loss_scale": step.lossScale,
      ],
      remedy: history.loss.count == 0
        ? "look for values in the batch, or an initialization, that the first forward pass cannot bear"
        : "go back to a checkpoint before the losses rose; lower the learning rate or clip the gradients",
      nextTest: isRising
        ? nil
        : "repeat the step in float32 from the last weights: finite means overflow, else the first operation "
          + "whose output is not finite names the place",
      sources: ["Megatron-LM rerun_state_machine.py", "GLM-130B, arXiv:2210.02414"])
  }

  private func gradient(in step: StepRecord, after history: RunHistory) -> Finding {
    let isEmpty = step.loss == 0
    // An infinite norm may be the overflow of its own sum of squares; NaN is not.
    let isLasting = step.gradientNorm?.isNaN == true && history.gradientNorm.nonFiniteInARow >= 9
    return Finding(
      .nonFiniteGradient, cause: isEmpty ? .emptyBatches : .undetermined,
      severity: isLasting ? .fault : .note, step: step.step,
      began: history.step(history.gradientNorm.nonFiniteInARow, before: step.step),
      confidence: isLasting ? 0.9 : 0.5,
      evidence: [
        "in_a_row": Double(history.gradientNorm.nonFiniteInARow + 1), "loss": step.loss,
        "loss_scale": step.lossScale,
      ],
      remedy: isEmpty
        ? "count the targets of the batch: a mean over none is 0 / 0"
        : isLasting
          ? "look for an operation with an infinite derivative: a root or a norm at zero, a masked division"
          : "none, as long as the loss is finite and such steps are skipped",
      nextTest: isEmpty
        ? nil : "find the first operation whose incoming gradient is finite and outgoing is not")
  }

  private func evaluation(in step: StepRecord) -> Finding? {
    let losses = [step.trainLoss, step.validationLoss].compactMap { $0 }
    guard losses.contains(where: { !$0.isFinite }) else { return nil }
    return Finding(
      .nonFiniteLoss, severity: .warning, step: step.step, confidence: 0.9,
      evidence: ["loss": step.loss], remedy: "evaluate the weights of the step before this one",
      nextTest: "evaluate the same batch in float32, and in training mode", place: "evaluation")
  }
}
