extension Symptom {
  /// What this symptom brings with it: a finding of those that comes later is no news.
  var consequences: Set<Symptom> {
    switch self {
    case .explosion:
      [
        .nonFiniteLoss, .nonFiniteGradient, .gradientGrowth, .lossSpike, .divergence, .plateau,
        .oscillation, .overfitting, .skippedSteps, .lossScaleCollapse, .clippingDominates,
        .startLoss, .updateRatio, .activationGrowth, .attentionScores, .logitDrift,
        .embeddingInstability, .staleMoments,
      ]
    case .nonFiniteLoss:
      [
        .nonFiniteGradient, .skippedSteps, .explosion, .divergence, .plateau, .lossSpike,
        .lossScaleCollapse,
      ]
    case .inputScale:
      [
        .badInitialization, .deadUnits, .saturation, .startLoss, .vanishingGradients,
        .explodingGradients, .plateau, .slowConvergence,
      ]
    case .outputMismatch: [.startLoss, .plateau, .slowConvergence]
    case .deadUnits, .saturation:
      [
        .badInitialization, .noGradient, .constantOutput, .startLoss, .vanishingGradients,
        .explodingGradients, .plateau, .slowConvergence, .updateRatio,
      ]
    case .badInitialization:
      [
        .startLoss, .vanishingGradients, .explodingGradients, .activationGrowth, .plateau,
        .slowConvergence,
      ]
    case .modeMismatch: [.startLoss]
    case .frozenParameter:
      [.startLoss, .updateRatio, .vanishingGradients, .plateau, .slowConvergence]
    case .weightCollapse:
      [
        .deadUnits, .saturation, .plateau, .slowConvergence, .vanishingGradients, .noGradient,
        .updateRatio, .badInitialization,
      ]
    case .clippingDominates: [.plateau, .slowConvergence]
    case .roundingStagnation: [.updateRatio, .frozenParameter, .plateau, .slowConvergence]
    case .updateRatio: [.plateau, .slowConvergence, .oscillation, .clippingDominates]
    case .explodingGradients: [.plateau, .clippingDominates, .gradientGrowth]
    case .activationGrowth: [.attentionScores, .divergence, .lossSpike]
    case .attentionScores: [.plateau, .lossSpike, .activationGrowth]
    case .logitDrift: [.plateau, .lossSpike, .divergence, .activationGrowth]
    case .embeddingInstability: [.lossSpike, .gradientGrowth, .staleMoments]
    case .staleMoments: [.lossSpike, .embeddingInstability]
    case .divergence:
      [
        .overfitting, .oscillation, .plateau, .lossSpike, .updateRatio, .activationGrowth,
        .logitDrift,
      ]
    case .zeroLearningRate, .repeatedLosses:
      [.plateau, .vanishingGradients, .slowConvergence, .repeatedLosses]
    case .vanishingGradients: [.plateau, .slowConvergence, .updateRatio]
    case .plateau: [.oscillation, .slowConvergence]
    case .oscillation: [.plateau, .lossSpike]
    case .learningRateJump, .resumeJump: [.lossSpike, .learningRateJump, .gradientGrowth]
    case .lossScaleCollapse: [.skippedSteps, .nonFiniteGradient]
    case .skippedSteps: [.plateau, .nonFiniteGradient]
    default: []
    }
  }
}
