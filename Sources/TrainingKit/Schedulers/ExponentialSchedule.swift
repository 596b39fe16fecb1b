extension Schedule {
  /// A learning rate that is multiplied by a factor after every step.
  public static func exponential(_ initial: Double, factor: Double) -> Schedule {
    Schedule(ExponentialRule(initial: initial, factor: factor))
  }
}

struct ExponentialRule: ScheduleRule {
  static let name = "exponential"
  let initial, factor: Double

  var mistake: TensorError? { mistake(inRate: initial) ?? mistake(inFactor: factor) }
  func learningRate(at step: Int) -> Double { initial * power(factor, step) }

  static let samples = [
    ScheduleCatalog.Sample(
      .exponential(1, factor: 0.9), rates: [0: 1, 1: 0.9, 2: 0.81, 3: 0.729, 4: 0.6561])
  ]
}
