extension Schedule {
  /// This schedule with every learning rate times a factor.
  public func scaled(by factor: Double) -> Schedule {
    Schedule(ScaledRule(factor: factor, schedule: self))
  }

  /// This schedule with its first learning rates times a factor: PyTorch's `ConstantLR`.
  public func scaled(by factor: Double, before steps: Int) -> Schedule {
    scaled(by: .constant(factor).then(.constant(1), after: steps))
  }

  /// This schedule with each learning rate times that of another schedule, whose rates are factors here: PyTorch's
  /// `ChainedScheduler`.
  ///
  ///     .cosine(peak: 0.1, steps: 100).scaled(by: .exponential(1, factor: 0.99))
  public func scaled(by factors: Schedule) -> Schedule {
    Schedule(ProductRule(schedule: self, factors: factors))
  }
}

struct ScaledRule: ScheduleRule {
  static let name = "scaled"
  let factor: Double
  let schedule: Schedule

  var mistake: TensorError? { mistake(inFactor: factor) }
  func learningRate(at step: Int) -> Double { schedule.learningRate(at: step) * factor }

  static let samples = [
    ScheduleCatalog.Sample(
      .linear(from: 1, to: 0, steps: 2).scaled(by: 0.5), rates: [0: 0.5, 1: 0.25, 2: 0])
  ]
}

struct ProductRule: ScheduleRule {
  static let name = "product"
  let schedule, factors: Schedule

  var mistake: TensorError? { nil }

  func learningRate(at step: Int) -> Double {
    schedule.learningRate(at: step) * factors.learningRate(at: step)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .exponential(1, factor: 0.9).scaled(by: 0.1, before: 2),
      rates: [0: 0.1, 1: 0.09, 2: 0.81, 3: 0.729, 4: 0.6561]),
    ScheduleCatalog.Sample(
      .exponential(2, factor: 0.5).scaled(by: .linear(from: 0, to: 1, steps: 2)),
      rates: [0: 0, 1: 0.5, 2: 0.5, 3: 0.25]),
  ]
}
