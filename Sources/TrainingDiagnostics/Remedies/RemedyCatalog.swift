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

  /// The changes that would tell the cause of a finding; none where there is nothing to be told this way.
  static func forks<Model>(for finding: Finding, _ run: TrainingRun<Model>) -> [Remedy] {
    let forks: [Remedy]
    switch finding.symptom {
    case .plateau, .slowConvergence: forks = rates(10, 100, 1000, 0.1)
    case .divergence, .oscillation: forks = rates(0.1)
    default: return []
    }
    return forks + (run.steps < 200 && !run.model.misscaledWeights.isEmpty ? [.initialization] : [])
  }

  private static func remedies(for finding: Finding, usualNorm: Double?) -> [Remedy] {
    let clipping = usualNorm.map { [Remedy.clipping(globalNorm: $0)] } ?? []
    switch finding.symptom {
    case .lossSpike: return [.skipping(step: finding.step)] + clipping + rates(0.3)
    case .explosion, .gradientGrowth, .learningRateJump:
      return [.skipping(step: finding.step)] + clipping + rates(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .divergence, .oscillation, .resumeJump: return clipping + rates(0.3, 0.1, 0.03, 0.01)
    case .nonFiniteLoss, .nonFiniteGradient, .skippedSteps, .lossScaleCollapse:
      return [.skipping(step: finding.step), .bfloat16, .fullPrecision] + clipping
        + rates(0.1, 0.01)
    case .plateau, .slowConvergence, .vanishingGradients:
      return rates(3, 10, 30, 100, 1000, 0.3, 0.1, 0.03)
    case .clippingDominates: return [.noClipping] + rates(3)
    default: return remedies(for: finding.cause)
    }
  }

  private static func remedies(for cause: Cause) -> [Remedy] {
    switch cause {
    case .learningRateTooHigh: rates(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .learningRateTooLow: rates(3, 10, 30, 100)
    case .overflow: [.bfloat16, .fullPrecision]
    default: rates(0.3, 0.1)
    }
  }

  private static func rates(_ factors: Double...) -> [Remedy] {
    factors.map { .learningRate(times: $0) }
  }
}
