/// Gradients that at least double from step to step: what comes before many explosions.
///
/// - Finds: a norm that doubled in each of three steps in a row and is at ten times its recent median and at twice
///   its recent maximum.
/// - Source: BLOOM-176B, where it shows two steps before the loss.
public struct GradientGrowth: Analyzer {
  /// `gradient-growth`
  public static let name = "gradient-growth"
  private var doublings = 0
  private var last: (step: Int, norm: Double)?

  /// Creates the analyzer.
  public init() {}

  /// Compares a norm with the one before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let norm = step.gradientNorm, norm.isFinite else { return nil }
    defer { last = (step.step, norm) }
    // Norms that are logged only now and then tell nothing about a growth from step to step.
    guard let last, last.step &+ 1 == step.step, norm >= 2 * last.norm, last.norm > 0 else {
      doublings = 0
      return nil
    }
    doublings += 1
    guard doublings >= 3, let ratio = history.gradientNorm.ratio(of: norm, least: 3), ratio >= 10,
      norm > 2 * (history.gradientNorm.recent.maximum ?? .infinity)
    else { return nil }
    return Finding(
      .gradientGrowth, severity: .warning, step: step.step,
      began: step.step &- doublings, confidence: 0.8,
      evidence: [
        "gradient_norm": norm, "norm_ratio": ratio, "steps": Double(doublings), "loss": step.loss,
      ],
      remedy: "skip the step or clip the global norm now; lower the learning rate or Adam's beta2",
      nextTest:
        "compare each parameter's squared gradient with its second moment: above 5, the moment is stale",
      sources: ["BLOOM-176B chronicles", "Wortsman et al. 2023, arXiv:2304.13013"])
  }
}
