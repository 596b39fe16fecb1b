internal import TrainingKit

/// Which remedies are worth a trial for a symptom, the gentlest first.
enum RemedyCatalog {
  static func candidates<Model>(
    for finding: Finding, _ run: TrainingRun<Model>, usualNorm: Double?
  ) -> [Remedy] {
    var candidates = remedies(for: finding, usualNorm: usualNorm)
    if run.steps < 200, !run.model.misscaledWeights.isEmpty { candidates.append(.initialization) }
    if run.precision == .full { candidates.removeAll { $0 == .fullPrecision || $0 == .bfloat16 } }
    return candidates
  }

  private static func remedies(for finding: Finding, usualNorm: Double?) -> [Remedy] {
    let clipping = usualNorm.map { [Remedy.clipping(globalNorm: $0)] } ?? []
    switch finding.symptom {
    case .lossSpike: return [.skipping(step: finding.step)] + clipping + slower(0.3)
    case .explosion, .gradientGrowth, .learningRateJump:
      return [.skipping(step: finding.step)] + clipping + slower(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .divergence, .oscillation, .resumeJump: return clipping + slower(0.3, 0.1, 0.03, 0.01)
    case .nonFiniteLoss, .nonFiniteGradient, .skippedSteps, .lossScaleCollapse:
      return [.skipping(step: finding.step), .bfloat16, .fullPrecision] + clipping
        + slower(0.1, 0.01)
    case .plateau, .slowConvergence, .vanishingGradients:
      return slower(3, 10, 30, 100, 0.3, 0.1, 0.03)
    case .clippingDominates: return [.noClipping] + slower(3)
    default: return remedies(for: finding.cause)
    }
  }

  private static func remedies(for cause: Cause) -> [Remedy] {
    switch cause {
    case .learningRateTooHigh: slower(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .learningRateTooLow: slower(3, 10, 30, 100)
    case .overflow: [.bfloat16, .fullPrecision]
    default: slower(0.3, 0.1)
    }
  }

  private static func slower(_ factors: Double...) -> [Remedy] {
    factors.map { .learningRate(times: $0) }
  }
}
