extension Schedule {
  /// A learning rate that falls along half a cosine over and over, each time from its peak.
  ///
  /// - Parameters:
  ///   - period: the steps of the first fall.
  ///   - growth: how many times longer than the one before each later fall is.
  /// - Source: Loshchilov and Hutter 2017, equation 5, arXiv:1608.03983.
  public static func cosineWithWarmRestarts(
    peak: Double, period: Int, growth: Int = 1, minimum: Double = 0
  ) -> Schedule {
    Schedule(WarmRestartsRule(peak: peak, minimum: minimum, period: period, growth: growth))
  }
}

struct WarmRestartsRule: ScheduleRule {
  static let name = "cosineWithWarmRestarts"
  let peak, minimum: Double
  let period, growth: Int

  var mistake: TensorError? {
    mistake(inRate: peak) ?? mistake(inRate: minimum) ?? mistake(inSteps: period)
      ?? (growth > 0 ? nil : .argument(name, expected: "a growth of 1 or more", got: growth))
  }

  func learningRate(at step: Int) -> Double {
    let (done, length) = place(of: step)
    return Schedule.Curve.cosine.between(peak, minimum, after: Double(done), of: Double(length))
  }

  /// The steps since the last restart, and those of the fall that it began.
  private func place(of step: Int) -> (done: Int, length: Int) {
    if growth == 1 { return (step % period, period) }
    var (done, length) = (step, period)
    while done >= length {
      done -= length
      let (longer, isTooLong) = length.multipliedReportingOverflow(by: growth)
      length = isTooLong ? .max : longer
    }
    return (done, length)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .cosineWithWarmRestarts(peak: 1, period: 3, growth: 2, minimum: 0.1),
      rates: [
        0: 1, 1: 0.775, 2: 0.325, 3: 1, 4: 0.9397114317029974, 5: 0.775, 6: 0.55, 7: 0.325,
        8: 0.16028856829700257, 9: 1, 15: 0.55, 21: 1,
      ]),
    ScheduleCatalog.Sample(
      .cosineWithWarmRestarts(peak: 1, period: 2), rates: [0: 1, 1: 0.5, 2: 1, 101: 0.5]),
  ]
}
