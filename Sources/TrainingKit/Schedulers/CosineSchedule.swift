extension Schedule {
  /// A learning rate that falls from its peak to its minimum along half a cosine, and stays there.
  ///
  /// PyTorch's `CosineAnnealingLR` has the same rates up to `steps`, but then rises again.
  ///
  /// - Source: Loshchilov and Hutter 2017, equation 5, arXiv:1608.03983.
  public static func cosine(peak: Double, steps: Int, minimum: Double = 0) -> Schedule {
    Schedule(CosineRule(peak: peak, minimum: minimum, steps: steps))
  }
}

struct CosineRule: ScheduleRule {
  static let name = "cosine"
  let peak, minimum: Double
  let steps: Int

  var mistake: TensorError? {
    mistake(inRate: peak) ?? mistake(inRate: minimum) ?? mistake(inSteps: steps)
  }

  func learningRate(at step: Int) -> Double {
    let share = Double(min(step, steps)) / Double(steps)
    return minimum + (peak - minimum) * (1 + cosine(.pi * share)) / 2
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .cosine(peak: 1, steps: 4),
      rates: [
        0: 1, 1: 0.8535533905932737, 2: 0.5, 3: 0.14644660940672627, 4: 0, 5: 0, 1_000: 0,
      ]),
    ScheduleCatalog.Sample(
      .cosine(peak: 1, steps: 3, minimum: 0.1), rates: [0: 1, 1: 0.775, 2: 0.325, 3: 0.1, 4: 0.1]),
  ]
}
