internal import TrainingKit

/// Which remedies are worth a trial for a symptom, the gentlest first.
enum RemedyCatalog {
  static func candidates<Model>(
    for finding: Finding, _ run: TrainingRun<Model>, usualNorm: Double?
  ) -> [Remedy] {
    if let own = ownRemedies(for: finding, run) { return own.filter { $0.changes(run) } }
    let candidates =
      remedies(for: finding, usualNorm: usualNorm) + run.optimizer.usualSettings
      + [.noWeightDecay, .initialization]
    return unique(candidates).filter { $0.changes(run) }
  }

  /// What a cause leaves of the remedies; nil where it leaves all. What lies in data or code is mended there: another
  /// rate would only hide it.
  private static func ownRemedies<Model>(
    for finding: Finding, _ run: TrainingRun<Model>
  ) -> [Remedy]? {
    switch finding.cause {
    case .optimizer: run.optimizer.usualSettings
    case .badInput, .operationDomain: [.skipping(step: finding.step)]
    case .schedule: Remedy.lowering(firstRatesOf: finding)
    case .detached, .unused, .frozenWeights, .softmaxTwice, .sigmoidTwice,
      .missingLogSoftmax, .targetRange, .notNormalized, .mixedUnits, .repeatedData, .dataOrder,
      .dataShift, .constantLabels, .classImbalance, .shiftedLabels, .labelsOutOfRange,
      .gradientNoise, .overfitting, .dataLeak, .keptGraph, .keptTensors, .wrongAxis, .slowData,
      .wrongLabels:
      []
    default: nil
    }
  }

  /// The changes that would tell the cause of a finding; none where there is nothing to be told this way. Of those that
  /// help alike the first is believed.
  static func forks<Model>(for finding: Finding, _ run: TrainingRun<Model>) -> [Remedy] {
    let forks: [Remedy]
    switch finding.symptom {
    case .plateau, .slowConvergence, .vanishingGradients:
      forks =
        [.bfloat16, .noClipping, .noWeightDecay, .initialization, .shuffling]
        + rates(10, 100, 1000, 1e4, 1e5, 0.1)
    case .divergence, .oscillation, .deadUnits, .saturation, .explosion, .updateRatio,
      .activationGrowth:
      forks = [.noWeightDecay, .initialization, .shuffling] + rates(0.1, 0.01, 0.001)
    default: forks = []
    }
    if forks.isEmpty { return [] }
    return run.optimizer.usualSettings + forks.filter { $0.changes(run) }
  }

  private static func unique(_ remedies: [Remedy]) -> [Remedy] {
    remedies.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
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
      return [.bfloat16, .noClipping] + rates(3, 10, 30, 100, 1000, 0.3, 0.1, 0.03)
    case .clippingDominates: return [.noClipping] + rates(3)
    case .weightCollapse: return [.noWeightDecay] + rates(0.3, 0.1)
    default: return remedies(for: finding.cause)
    }
  }

  private static func remedies(for cause: Cause) -> [Remedy] {
    switch cause {
    case .learningRateTooHigh: rates(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .learningRateTooLow: rates(3, 10, 30, 100)
    case .overflow, .rounding: [.bfloat16, .fullPrecision]
    case .weightDecay: [.noWeightDecay]
    case .clippingLimit: [.noClipping]
    case .slowSecondMoment: [.optimizerNumber("beta2", to: 0.95)] + rates(0.3, 0.1)
    default: rates(0.3, 0.1)
    }
  }

  private static func rates(_ factors: Double...) -> [Remedy] {
    factors.map { .learningRate(times: $0) }
  }
}

extension Remedy {
  /// First learning rates as high as those since, where the finding tells of both; else nothing.
  fileprivate static func lowering(firstRatesOf finding: Finding) -> [Remedy] {
    guard let first = finding.evidence["rate_at_first"], let since = finding.evidence["rate_since"],
      let steps = finding.evidence["steps_at_it"], since < first
    else { return [] }
    return [.firstLearningRates(times: since / first, updates: Int(steps))]
  }
}
