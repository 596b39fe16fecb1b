/// Gradients that become small, or large, on their way from the output of the model to its input.
///
/// - Finds: first layers whose gradients, beside their weights and as they are, are a thousand times smaller than those
///   of the last ones, or ten thousand times larger, in four examinations in a row, while after 64 steps the loss is
///   where it began. Gradients that shrink in all layers as the loss does are success.
/// - Source: Glorot and Bengio 2010; Hochreiter 1991. Unlike a bound on the gradients themselves, ratios have no units.
public struct LayerGradients: Analyzer {
  /// `layer-gradients`
  public static let name = "layer-gradients"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()

  /// Creates the analyzer.
  public init() {}

  /// Compares the gradients of the weight matrices, in the order of the model.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    let levels = details.matrices.compactMap(LayerLevel.init)
    guard levels.count >= 4 else { return nil }
    let first = levels[...(levels.count / 4)]
    let last = levels[(levels.count - max(2, levels.count / 3))...]
    let (share, ratio) = (
      first.map(\.relative).median / last.map(\.relative).median,
      first.map(\.gradient).median / last.map(\.gradient).median
    )
    let vanishing = streaks.note(max(share, ratio) < 1e-3, at: "vanishing", of: step)
    let exploding = streaks.note(min(share, ratio) > 1e4, at: "exploding", of: step)
    guard max(vanishing, exploding) >= 4, step.step >= 64, !history.isWarmingUp,
      let fall = history.lossFall, fall < 0.05
    else { return nil }
    return finding(
      step, isVanishing: vanishing >= 4, levels, reference: last.map(\.relative).median,
      evidence: [
        "gradient_ratio": ratio, "relative_gradient_ratio": share, "layers": Double(levels.count),
        "loss_fall": fall,
      ])
  }

  private func finding(
    _ step: StepRecord, isVanishing: Bool, _ levels: [LayerLevel], reference: Double,
    evidence: Evidence
  ) -> Finding {
    // Seen from the output, the first layer beyond the bound.
    let bad = levels.last {
      isVanishing ? $0.relative < 1e-2 * reference : $0.relative > 1e2 * reference
    }
    return Finding(
      isVanishing ? .vanishingGradients : .explodingGradients, cause: .initialization,
      severity: .warning, step: step.step,
      began: streaks.began(isVanishing ? "vanishing" : "exploding"), confidence: 0.9,
      evidence: evidence,
      remedy: isVanishing
        ? "activations that do not saturate, weights by their fan-in, residual connections, or normalization"
        : "start weights smaller, by their fan-in; add residual connections; clip the global norm",
      place: bad?.path, sources: ["Glorot and Bengio 2010", "He et al. 2015, arXiv:1502.01852"])
  }
}

/// The gradient of a weight matrix, over the elements that have one.
private struct LayerLevel {
  let path: String
  let gradient, relative: Double

  init?(_ matrix: ParameterDetails) {
    guard let gradient = matrix.gradientRMS, let weight = matrix.weightRMS, weight > 0,
      let zeros = matrix.gradientZeroShare, zeros < 1, gradient > 0
    else { return nil }
    path = matrix.path
    self.gradient = gradient / (1 - zeros).squareRoot()
    relative = self.gradient / weight
  }
}
