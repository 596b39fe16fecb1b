extension Schedule {
  /// A learning rate that falls for ever, with the square root of the steps.
  ///
  ///     .warmup(steps: 4_000).then(.inverseSquareRoot(peak: 1e-3, timescale: 4_000))
  ///
  /// Update t gets peak · √(timescale / (timescale + t)): with a warm-up of as many steps, that of the Transformer.
  ///
  /// - Source: Vaswani et al. 2017, equation 3, arXiv:1706.03762.
  public static func inverseSquareRoot(peak: Double, timescale: Int = 10_000) -> Schedule {
    Schedule(InverseSquareRootRule(peak: peak, timescale: timescale))
  }
}

struct InverseSquareRootRule: ScheduleRule {
  static let name = "inverseSquareRoot"
  let peak: Double
  let timescale: Int

  var mistake: TensorError? { mistake(inRate: peak) ?? mistake(inSteps: timescale) }

  func learningRate(at step: Int) -> Double {
    peak * (Double(timescale) / (Double(timescale) + Double(step))).squareRoot()
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .inverseSquareRoot(peak: 0.5, timescale: 100), rates: [0: 0.5, 300: 0.25, 9_900: 0.05])
  ]
}
