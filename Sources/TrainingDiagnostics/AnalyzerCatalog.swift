/// The analyzers that need nothing but what steps tell: numbers, and what was seen inside the model.
public enum AnalyzerCatalog {
  /// A fresh one of each.
  public static var standard: [any Analyzer] {
    [
      NonFiniteValues(),
      Explosion(),
      GradientGrowth(),
      LossSpike(),
      LevelRise(),
      EarlyRate(),
      Divergence(),
      Plateau(),
      SlowConvergence(),
      Oscillation(),
      Overfitting(),
      LossScaleCollapse(),
      VanishingGradients(),
      ClippingDominates(),
      ZeroLearningRate(),
      LearningRateJump(),
      ResumeJump(),
      RepeatedLosses(),
      SkippedSteps(),
      DeadUnits(),
      Saturation(),
      LayerGradients(),
      MissingGradients(),
      InputShift(),
      WeightCollapse(),
      UpdateRatio(),
      FrozenParameters(),
      RoundingStagnation(),
      ActivationGrowth(),
      AttentionScores(),
      LogitDrift(),
      EmbeddingInstability(),
      StaleMoments(),
      MemoryGrowth(),
      ModeMismatch(),
      SlowLoader(),
    ]
  }
}
