extension Schedule {
  /// A learning rate that goes from one value to another as a power of the steps that are left, and stays there.
  ///
  /// Update t gets final + (initial − final) · (1 − t / steps)^power.
  public static func polynomial(
    from initial: Double, to final: Double = 0, steps: Int, power: Double = 1
  ) -> Schedule {
    Schedule(PolynomialRule(initial: initial, final: final, steps: steps, exponent: power))
  }
}

struct PolynomialRule: ScheduleRule {
  static let name = "polynomial"
  let initial, final: Double
  let steps: Int
  let exponent: Double

  var mistake: TensorError? {
    mistake(inRate: initial) ?? mistake(inRate: final) ?? mistake(inSteps: steps)
      ?? NumberRange.nonNegative.mistake(exponent, "a power", of: name)
  }

  func learningRate(at step: Int) -> Double {
    guard step < steps else { return final }
    let left = power(1 - Double(step) / Double(steps), exponent)
    return initial * left + final * (1 - left)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .polynomial(from: 1, steps: 4, power: 2),
      rates: [0: 1, 1: 0.5625, 2: 0.25, 3: 0.0625, 4: 0, 5: 0]),
    ScheduleCatalog.Sample(.polynomial(from: 1, to: 0.5, steps: 2), rates: [1: 0.75, 2: 0.5]),
  ]
}
