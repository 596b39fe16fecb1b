extension Schedule {
  /// A learning rate that is multiplied by a factor after every so many steps.
  public static func step(
    _ initial: Double, every steps: Int, factor: Double = 0.1
  ) -> Schedule {
    Schedule(StepRule(initial: initial, every: steps, factor: factor))
  }
}

struct StepRule: ScheduleRule {
  static let name = "step"
  let initial: Double
  let every: Int
  let factor: Double

  var mistake: TensorError? {
    mistake(inRate: initial) ?? mistake(inSteps: every) ?? mistake(inFactor: factor)
  }

  func learningRate(at step: Int) -> Double { initial * power(factor, step / every) }

  static let samples = [
    ScheduleCatalog.Sample(.step(1, every: 2), rates: [0: 1, 1: 1, 2: 0.1, 3: 0.1, 4: 0.01]),
    ScheduleCatalog.Sample(.step(8, every: 3, factor: 0.5), rates: [2: 8, 3: 4, 8: 2, 9: 1]),
  ]
}
