extension Schedule {
  /// This schedule up to a step, and from its rate there to another one, which stays.
  ///
  ///     .cosine(peak: 0.1, steps: 200).annealed(to: 0.05, over: 10, after: 150)
  ///
  /// So stochastic weight averaging brings the learning rate to the one it averages at. It is PyTorch's `SWALR`.
  ///
  /// - Source: Izmailov et al. 2018, section 3, arXiv:1803.05407.
  public func annealed(
    to final: Double, over steps: Int, after start: Int, curve: Curve = .cosine
  ) -> Schedule {
    Schedule(AnnealedRule(first: self, start: start, steps: steps, final: final, curve: curve))
  }

  /// A learning rate that rises, stays at its peak for most of the run, and falls at the end.
  ///
  /// A run can be prolonged before its fall without another rate having been right so far.
  ///
  /// - Source: Hu et al. 2024, section 4, arXiv:2404.06395.
  public static func warmupStableDecay(
    peak: Double, warmup: Int, stable: Int, decay: Int, minimum: Double = 0,
    curve: Curve = .linear
  ) -> Schedule {
    let stableDecay = Schedule.constant(peak)
      .annealed(to: minimum, over: decay, after: stable, curve: curve)
    return .warmup(steps: warmup).then(stableDecay)
  }
}

struct AnnealedRule: ScheduleRule {
  static let name = "annealed"
  let first: Schedule
  let start, steps: Int
  let final: Double
  let curve: Schedule.Curve

  var mistake: TensorError? {
    mistake(inRate: final) ?? mistake(inSteps: steps)
      ?? (start >= 0 ? nil : .argument(name, expected: "a start at 0 or later", got: start))
  }

  func learningRate(at step: Int) -> Double {
    if step < start { return first.learningRate(at: step) }
    let done = min(step - start, steps)
    return curve.between(
      first.learningRate(at: start), final, after: Double(done), of: Double(steps))
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .linear(from: 1, to: 0, steps: 4).annealed(to: 0.05, over: 4, after: 2),
      rates: [
        0: 1, 1: 0.75, 2: 0.5, 3: 0.4340990257669732, 4: 0.275, 5: 0.11590097423302682, 6: 0.05,
        7: 0.05, 100: 0.05,
      ]),
    ScheduleCatalog.Sample(
      .warmupStableDecay(peak: 1, warmup: 2, stable: 2, decay: 4, minimum: 0.2),
      rates: [0: 0.5, 1: 1, 2: 1, 3: 1, 4: 1, 5: 0.8, 6: 0.6, 8: 0.2, 9: 0.2]),
    ScheduleCatalog.Sample(
      .constant(1).annealed(to: 0, over: 4, after: 0, curve: .squareRoot),
      rates: [0: 1, 1: 0.5, 4: 0]),
    ScheduleCatalog.Sample(
      .constant(1).annealed(to: 0, over: 3, after: 1, curve: .logarithmic),
      rates: [0: 1, 1: 1, 2: 0.5, 4: 0, 5: 0]),
  ]
}
