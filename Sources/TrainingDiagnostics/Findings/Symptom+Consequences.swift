extension Symptom {
  /// What this symptom brings with it: a finding of those that comes later is no news.
  var consequences: Set<Symptom> {
    switch self {
    case .explosion:
      [
        .nonFiniteLoss, .nonFiniteGradient, .gradientGrowth, .lossSpike, .divergence, .plateau,
        .oscillation, .overfitting, .skippedSteps, .lossScaleCollapse, .clippingDominates,
        .startLoss,
      ]
    case .nonFiniteLoss:
      [
        .nonFiniteGradient, .skippedSteps, .explosion, .divergence, .plateau, .lossSpike,
        .lossScaleCollapse,
      ]
    case .inputScale: [.badInitialization, .deadUnits, .saturation, .startLoss]
    case .deadUnits, .saturation: [.badInitialization, .noGradient, .constantOutput, .startLoss]
    case .badInitialization, .modeMismatch, .frozenParameter: [.startLoss]
    case .divergence: [.overfitting, .oscillation, .plateau, .lossSpike]
    case .zeroLearningRate, .repeatedLosses:
      [.plateau, .vanishingGradients, .slowConvergence, .repeatedLosses]
    case .vanishingGradients: [.plateau, .slowConvergence]
    case .plateau: [.oscillation, .slowConvergence, .clippingDominates]
    case .oscillation: [.plateau, .lossSpike]
    case .learningRateJump, .resumeJump: [.lossSpike, .learningRateJump, .gradientGrowth]
    case .lossScaleCollapse: [.skippedSteps, .nonFiniteGradient]
    case .skippedSteps: [.plateau, .nonFiniteGradient]
    default: []
    }
  }
}
