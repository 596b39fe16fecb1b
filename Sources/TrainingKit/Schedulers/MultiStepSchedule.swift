extension Schedule {
  /// A learning rate that is multiplied by a factor at each of some steps; twice at one that is named twice.
  public static func multiStep(
    _ initial: Double, at milestones: [Int], factor: Double = 0.1
  ) -> Schedule {
    Schedule(MultiStepRule(initial: initial, milestones: milestones.sorted(), factor: factor))
  }
}

struct MultiStepRule: ScheduleRule {
  static let name = "multiStep"
  let initial: Double
  let milestones: [Int]
  let factor: Double

  var mistake: TensorError? {
    mistake(inRate: initial) ?? mistake(inFactor: factor)
      ?? milestones.first { $0 < 0 }.map {
        TensorError.argument(name, expected: "milestones of 0 or more", got: $0)
      }
  }

  func learningRate(at step: Int) -> Double {
    initial * power(factor, milestones.count { $0 <= step })
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .multiStep(1, at: [5, 2, 2], factor: 0.5), rates: [0: 1, 1: 1, 2: 0.25, 4: 0.25, 5: 0.125]),
    ScheduleCatalog.Sample(.multiStep(0.3, at: []), rates: [0: 0.3, 9: 0.3]),
  ]
}
