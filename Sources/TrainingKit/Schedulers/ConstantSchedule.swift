extension Schedule {
  /// The same learning rate for ever.
  public static func constant(_ learningRate: Double) -> Schedule {
    Schedule(ConstantRule(rate: learningRate))
  }
}

struct ConstantRule: ScheduleRule {
  static let name = "constant"
  let rate: Double

  var mistake: TensorError? { mistake(inRate: rate) }
  func learningRate(at step: Int) -> Double { rate }

  static let samples = [
    ScheduleCatalog.Sample(.constant(0.1), rates: [0: 0.1, 1: 0.1, 1_000_000: 0.1])
  ]
}
