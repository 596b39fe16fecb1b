/// The rising start of a schedule. Say what follows by ``then(_:)``.
public struct Warmup: Sendable {
  fileprivate let steps: Int

  /// The schedule that rises in equal steps to the first rate of `schedule`, and goes on with it.
  public func then(_ schedule: Schedule) -> Schedule {
    Schedule(WarmupRule(steps: steps, next: schedule))
  }
}

extension Schedule {
  /// A linear rise over so many steps to the first rate of the schedule that follows.
  ///
  ///     .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000))
  ///
  /// Update t gets the share (t + 1) / steps: the first one moves already, and the last has the full rate.
  ///
  /// - Errors: traps unless there is at least 1 step.
  public static func warmup(steps: Int) -> Warmup { Warmup(steps: steps) }

  /// This schedule for so many steps, then the other from its start.
  public func then(_ next: Schedule, after steps: Int) -> Schedule {
    Schedule(SequenceRule(steps: steps, first: self, next: next))
  }
}

struct WarmupRule: ScheduleRule {
  static let name = "warmup"
  let steps: Int
  let next: Schedule

  var mistake: TensorError? { mistake(inSteps: steps) }

  func learningRate(at step: Int) -> Double {
    step < steps
      ? next.learningRate(at: 0) * (Double(step + 1) / Double(steps))
      : next.learningRate(at: step - steps)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .warmup(steps: 4).then(.cosine(peak: 1, steps: 4)),
      rates: [
        0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, 5: 0.8535533905932737, 6: 0.5, 8: 0, 9: 0,
      ])
  ]
}

struct SequenceRule: ScheduleRule {
  static let name = "sequence"
  let steps: Int
  let first, next: Schedule

  var mistake: TensorError? { mistake(inSteps: steps) }

  func learningRate(at step: Int) -> Double {
    step < steps ? first.learningRate(at: step) : next.learningRate(at: step - steps)
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .linear(from: 0.25, to: 1, steps: 4).then(.cosine(peak: 1, steps: 6), after: 4),
      rates: [
        0: 0.25, 1: 0.4375, 2: 0.625, 3: 0.8125, 4: 1, 5: 0.9330127018922194, 6: 0.75, 7: 0.5,
        8: 0.25, 9: 0.06698729810778059, 10: 0,
      ])
  ]
}
