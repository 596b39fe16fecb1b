extension Schedule {
  /// A learning rate that goes from one value to another in equal steps, and stays there.
  public static func linear(from initial: Double, to final: Double, steps: Int) -> Schedule {
    Schedule(LinearRule(initial: initial, final: final, steps: steps))
  }
}

struct LinearRule: ScheduleRule {
  static let name = "linear"
  let initial, final: Double
  let steps: Int

  var mistake: TensorError? {
    mistake(inRate: initial) ?? mistake(inRate: final) ?? mistake(inSteps: steps)
  }

  func learningRate(at step: Int) -> Double {
    let share = Double(min(step, steps)) / Double(steps)
    return initial * (1 - share) + final * share
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .linear(from: 0.25, to: 1, steps: 4),
      rates: [0: 0.25, 1: 0.4375, 2: 0.625, 3: 0.8125, 4: 1, 5: 1]),
    ScheduleCatalog.Sample(
      .linear(from: 1.0 / 3, to: 1, steps: 5),
      rates: [0: 1.0 / 3, 1: 7.0 / 15, 2: 0.6, 3: 11.0 / 15, 4: 13.0 / 15, 5: 1]),
  ]
}
