/// The analyzers that need nothing but numbers.
public enum AnalyzerCatalog {
  /// A fresh one of each.
  public static var standard: [any Analyzer] {
    [
      NonFiniteValues(),
      Explosion(),
      GradientGrowth(),
      LossSpike(),
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
    ]
  }
}
