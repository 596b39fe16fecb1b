extension Schedule {
  /// The given learning rates one after the other; the last one stays.
  ///
  /// - Errors: traps when there is none, or one is negative, NaN or infinite.
  public static func table(_ rates: [Double]) -> Schedule { Schedule(TableRule(rates: rates)) }

  /// The learning rates that a function gives for the first steps; the last one stays.
  ///
  ///     .table(steps: 1_000) { 0.1 / (1 + 0.01 * Double($0)) }
  ///
  /// The function is asked for every step now, and never again: a schedule can be saved, a function cannot. A saved
  /// table takes some 20 bytes a step.
  public static func table(
    steps: Int, _ rate: (_ step: Int) throws -> Double
  ) rethrows -> Schedule {
    table(try (0..<max(steps, 0)).map(rate))
  }

  /// A learning rate that is multiplied by a factor of its own after every step, up to a last step.
  ///
  /// Update t gets initial · factor(1) · … · factor(t). The function is asked now, as that of
  /// ``table(steps:_:)``.
  public static func multiplicative(
    _ initial: Double, steps: Int, factor: (_ step: Int) throws -> Double
  ) rethrows -> Schedule {
    var rate = initial
    return try table(steps: steps) { step in
      if step > 0 { rate *= try factor(step) }
      return rate
    }
  }
}

struct TableRule: ScheduleRule {
  static let name = "table"
  let rates: [Double]

  var mistake: TensorError? {
    mistake(inSteps: rates.count) ?? rates.lazy.compactMap { mistake(inRate: $0) }.first
  }

  func learningRate(at step: Int) -> Double { rates[min(step, rates.count - 1)] }

  static let samples = [
    ScheduleCatalog.Sample(.table([0.5, 0, 0.25]), rates: [0: 0.5, 1: 0, 2: 0.25, 3: 0.25]),
    ScheduleCatalog.Sample(
      .table(steps: 3) { 1 / Double(1 + $0) }, rates: [0: 1, 1: 0.5, 2: 1.0 / 3, 9: 1.0 / 3]),
    ScheduleCatalog.Sample(
      .multiplicative(8, steps: 4) { 1 / Double(1 << $0) },
      rates: [0: 8, 1: 4, 2: 1, 3: 0.125, 4: 0.125]),
  ]
}
