/// Gradients that are as good as zero while there is much to learn.
///
/// - Finds: twenty norms in a row below a thousandth of the first ones, or exactly zero, while the loss is where it
///   began. Gradients that shrink with the loss are success.
public struct VanishingGradients: Analyzer {
  /// `vanishing-gradients`
  public static let name = "vanishing-gradients"
  private var low = 0
  private var zero = 0

  /// Creates the analyzer.
  public init() {}

  /// Compares the norm with the first ones.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let norm = step.gradientNorm, norm.isFinite, step.skip == nil else { return nil }
    let norms = history.gradientNorm
    zero = norm == 0 ? zero + 1 : 0
    low = norms.count >= 5 && norm <= 1e-3 * norms.start ? low + 1 : 0
    guard max(low, zero) >= 20, let level = history.loss.recent.median, level != 0,
      level >= history.loss.start - 0.05 * history.loss.magnitude(of: history.loss.start)
    else { return nil }
    return Finding(
      .vanishingGradients, cause: zero >= 20 ? .frozenWeights : .undetermined,
      severity: zero >= 20 ? .fault : .warning, step: step.step,
      began: history.step(max(low, zero) - 1, before: step.step), confidence: 0.9,
      evidence: [
        "gradient_norm": norm, "first_norm": norms.start, "loss": level,
        "first_loss": history.loss.start, "steps": Double(max(low, zero)),
      ],
      remedy: zero >= 20
        ? "look for a detached loss, frozen parameters or units that are all dead"
        : "initialization by He or Glorot, activations that do not saturate, residual connections, normalization",
      nextTest:
        "compare the gradients of the layers from the output to the input: where do they become small?",
      sources: ["Glorot and Bengio 2010", "He et al. 2015, arXiv:1502.01852"])
  }
}
