/// Clipping that decides how far every step goes.
///
/// - Finds: 256 steps in a row, but for one in twenty, that were clipped to less than a tenth; a warning when the loss
///   is where it began, else a note.
public struct ClippingDominates: Analyzer {
  /// `clipping-dominates`
  public static let name = "clipping-dominates"
  private var factors = Window(capacity: 256)
  private var hard = 0

  /// Creates the analyzer.
  public init() {}

  /// Counts steps that were clipped hard.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let factor = step.clipFactor, factor.isFinite else { return nil }
    if factors.count == factors.capacity, factors.value(before: 255)! < 0.1 { hard -= 1 }
    factors.append(factor)
    if factor < 0.1 { hard += 1 }
    guard factors.count == 256, hard >= 243, let level = history.loss.recent.median else {
      return nil
    }
    let losses = history.loss
    let isStuck = level > losses.start - 0.1 * losses.magnitude(of: losses.start)
    return Finding(
      .clippingDominates, cause: .clippingLimit, severity: isStuck ? .warning : .note,
      step: step.step, began: history.step(255, before: step.step), confidence: 0.8,
      evidence: [
        "median_factor": factors.median, "share_of_steps": Double(hard) / 256,
        "gradient_norm": step.gradientNorm,
      ],
      remedy: "raise the limit to the usual norm, or clip by the norms' own history",
      nextTest:
        "from a checkpoint, train 200 steps with ten times the limit beside an unchanged run",
      sources: ["Pascanu et al. 2013, arXiv:1211.5063"])
  }
}
