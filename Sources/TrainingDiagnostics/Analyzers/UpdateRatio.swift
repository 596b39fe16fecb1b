/// Steps that are too large, or too small, for the weights that they move.
///
/// - Finds: a weight matrix that moves by more than a fifth of itself in four examinations in a row behind the first
///   steps, or in three while the loss has not fallen or is above its best; and matrices all of which move by less than
///   a millionth in four, over at least 64 steps at full rate without effect on the loss. Healthy steps are about a
///   thousandth.
/// - Source: Karpathy, CS231n, on the ratio of updates to weights; biases and factors of norms are left out.
public struct UpdateRatio: Analyzer {
  /// `update-ratio`
  public static let name = "update-ratio"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()
  private var firstSmall: Int?

  /// Creates the analyzer.
  public init() {}

  /// Compares updates with weights.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    let moved = details.matrices.filter { $0.updateRatio != nil }
    guard !moved.isEmpty else { return nil }
    return large(step, history, moved) ?? small(step, history, moved)
  }

  private mutating func large(
    _ step: StepRecord, _ history: RunHistory, _ matrices: [ParameterDetails]
  ) -> Finding? {
    // What starts at zero, or small, moves by much of itself at first.
    guard step.step >= 8, let fall = history.lossFall else { return nil }
    let least = fall < 0.05 || history.isLosingGround ? 3 : 4
    let bad = matrices.filter {
      streaks.note($0.updateRatio! > 0.2, at: $0.path, of: step) >= least
    }
    guard let worst = bad.max(by: { $0.updateRatio! < $1.updateRatio! }) else { return nil }
    return Finding(
      .updateRatio, cause: .learningRateTooHigh, severity: .warning, step: step.step,
      began: streaks.began(worst.path), confidence: 0.85,
      evidence: [
        "update_ratio": worst.updateRatio, "matrices": Double(bad.count), "loss_fall": fall,
        "learning_rate": step.learningRate,
      ],
      remedy: "lower the learning rate until matrices move by about a thousandth of themselves",
      place: worst.path, sources: ["Karpathy, CS231n: babysitting the learning process"])
  }

  private mutating func small(
    _ step: StepRecord, _ history: RunHistory, _ matrices: [ParameterDetails]
  ) -> Finding? {
    let largest = matrices.map { $0.updateRatio! }.max()!
    let isSmall = largest < 1e-6 && history.isAtFullRate(step)
    let count = streaks.note(isSmall, at: "", of: step)
    if count <= 1 { firstSmall = isSmall ? step.step : nil }
    guard count >= 4, let firstSmall, step.step &- firstSmall >= 64,
      let fall = history.lossFall, fall < 0.02
    else { return nil }
    let isClipped = step.clipFactor ?? 1 < 0.1
    return Finding(
      .updateRatio, cause: isClipped ? .clippingLimit : .learningRateTooLow, severity: .warning,
      step: step.step, began: firstSmall, confidence: 0.85,
      evidence: [
        "largest_update_ratio": largest, "loss_fall": fall, "clip_factor": step.clipFactor,
        "learning_rate": step.learningRate,
      ],
      remedy: isClipped
        ? "raise the limit of clipping to the usual norm of the gradients"
        : "raise the learning rate until matrices move by about a thousandth of themselves",
      sources: ["Karpathy, CS231n: babysitting the learning process"])
  }
}
