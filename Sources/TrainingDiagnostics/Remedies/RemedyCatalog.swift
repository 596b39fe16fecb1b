internal import TrainingKit

/// Which remedies are worth a trial for a symptom, the gentlest first.
enum RemedyCatalog {
  /// - Parameter run: the run as it stands where remedies are tried from.
  static func candidates<Model>(
    for finding: Finding, _ run: TrainingRun<Model>, usualNorm: Double?
  ) -> [Remedy] {
    let own = ownRemedies(for: finding, run)
    let candidates =
      own ?? remedies(for: finding, run, usualNorm: usualNorm) + run.optimizer.usualSettings
      + [.noWeightDecay] + starts(for: finding, run)
    return unique(candidates).filter { $0.changes(run) }
  }

  /// What a cause leaves of the remedies; nil where it leaves all. What lies in data or code is mended there: another
  /// rate would only hide it.
  private static func ownRemedies<Model>(
    for finding: Finding, _ run: TrainingRun<Model>
  ) -> [Remedy]? {
    switch finding.cause {
    case .optimizer: run.optimizer.usualSettings
    // The guard has left their batches out already.
    case .badInput, .operationDomain: [.patience(skips: 1000)]
    case .dataOutlier: [finding.skipping]
    case .schedule: Remedy.mending(run.schedule, for: finding)
    // Of a loss that stands still it is told where trials have shown it.
    case .learningRateTooLow where finding.symptom == .plateau: rates(3, 10, 100, 1000, 1e4)
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
        [.bfloat16, .noClipping, .noWeightDecay, .initialization(.he), .shuffling]
        + rates(10, 100, 1000, 1e4, 1e5, 0.1)
    case .divergence, .oscillation, .deadUnits, .saturation, .explosion, .updateRatio,
      .activationGrowth:
      forks = [.noWeightDecay, .initialization(.he), .shuffling] + rates(0.1, 0.01, 0.001)
    default: forks = []
    }
    if forks.isEmpty { return [] }
    return run.optimizer.usualSettings + forks.filter { $0.changes(run) }
  }

  private static func unique(_ remedies: [Remedy]) -> [Remedy] {
    remedies.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func remedies<Model>(
    for finding: Finding, _ run: TrainingRun<Model>, usualNorm: Double?
  ) -> [Remedy] {
    let clipping = usualNorm.map { [Remedy.clipping(globalNorm: $0)] } ?? []
    let early = Remedy.lowering(firstRatesOf: run.schedule)
    let late = Remedy.holding(rateBefore: finding, run)
    switch finding.symptom {
    case .lossSpike: return [finding.skipping] + clipping + rates(0.3)
    case .explosion, .gradientGrowth, .learningRateJump:
      return [finding.skipping] + clipping + early + late
        + rates(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .divergence, .oscillation, .resumeJump:
      return clipping + early + late + rates(0.3, 0.1, 0.03, 0.01)
    case .nonFiniteLoss, .nonFiniteGradient, .skippedSteps, .lossScaleCollapse:
      return [finding.skipping, .bfloat16, .fullPrecision] + clipping
        + rates(0.1, 0.01)
    case .plateau, .slowConvergence, .vanishingGradients:
      return [.bfloat16, .noClipping] + rates(3, 10, 100, 1000, 0.3, 0.1, 0.03)
    case .clippingDominates: return [.noClipping] + rates(3)
    case .weightCollapse: return [.noWeightDecay] + rates(0.3, 0.1)
    default: return early + late + remedies(for: finding.cause)
    }
  }

  private static func remedies(for cause: Cause) -> [Remedy] {
    switch cause {
    case .learningRateTooHigh: rates(0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    case .learningRateTooLow: rates(3, 10, 30, 100)
    case .overflow: [.bfloat16, .fullPrecision]
    case .rounding: [.compensatedRounding, .bfloat16, .fullPrecision] + rates(10, 100, 1000)
    case .weightDecay: [.noWeightDecay]
    case .clippingLimit: [.noClipping]
    case .slowSecondMoment: [.optimizerNumber("beta2", to: 0.95)] + rates(0.3, 0.1)
    default: rates(0.3, 0.1)
    }
  }

  private static func rates(_ factors: Double...) -> [Remedy] {
    factors.map { .learningRate(times: $0) }
  }

  /// Other starts, where the own one may be to blame: what is far from one usual start may be close to another.
  private static func starts<Model>(for finding: Finding, _ run: TrainingRun<Model>) -> [Remedy] {
    guard
      finding.cause == .initialization || !run.model.illStartedWeights(beside: .he).isEmpty
    else { return [] }
    return [.initialization(.layers), .initialization(.he), .initialization(.small)]
  }
}

extension Finding {
  /// Leaving out the batch that it began with.
  fileprivate var skipping: Remedy { .skipping(step: origin) }
}

extension Remedy {
  /// What puts a schedule right that a finding blames.
  fileprivate static func mending(_ schedule: Schedule, for finding: Finding) -> [Remedy] {
    switch finding.symptom {
    case .zeroLearningRate:
      let known = (0..<max(1, finding.step)).map { schedule.learningRate(at: $0) }
      let rates = known.last { $0 > 0 }.map { [$0] } ?? [1e-4, 1e-3, 1e-2, 1e-1]
      return rates.map { .holding(learningRate: $0) }
    case .learningRateJump:
      return finding.evidence["rate_before"].map { [.holding(learningRate: $0)] } ?? []
    default: return lowering(firstRatesOf: finding)
    }
  }

  /// First learning rates as high as those since, where the finding tells of both; else nothing.
  private static func lowering(firstRatesOf finding: Finding) -> [Remedy] {
    guard let first = finding.evidence["rate_at_first"], let since = finding.evidence["rate_since"],
      let steps = finding.evidence["steps_at_it"], since < first
    else { return [] }
    return [.firstLearningRates(times: since / first, updates: Int(steps))]
  }

  /// The learning rate that a run has where it is taken back to, where the schedule rises from there by a factor of
  /// three or more until the finding; else nothing.
  fileprivate static func holding<Model>(
    rateBefore finding: Finding, _ run: TrainingRun<Model>
  ) -> [Remedy] {
    let rate = run.schedule.learningRate(at: run.updates)
    let later = run.schedule.learningRate(at: run.updates + finding.step - run.steps)
    return rate > 0 && later >= 3 * rate ? [.holding(learningRate: rate)] : []
  }

  /// First learning rates as high as those that follow, where a schedule falls by a factor of three or more soon.
  fileprivate static func lowering(firstRatesOf schedule: Schedule) -> [Remedy] {
    let first = schedule.learningRate(at: 0)
    guard let end = (1..<1024).first(where: { 3 * schedule.learningRate(at: $0) <= first })
    else { return [] }
    let since = schedule.learningRate(at: end)
    return since > 0 ? [.firstLearningRates(times: since / first, updates: end)] : []
  }
}
