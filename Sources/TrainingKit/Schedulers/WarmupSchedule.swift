/// The rising start of a schedule. Say what follows by ``then(_:)``.
public struct Warmup: Sendable {
  fileprivate let steps: Int
  fileprivate let initialShare: Double?
  fileprivate let curve: Schedule.Curve

  /// The schedule that rises to the first rate of `schedule`, and goes on with it.
  public func then(_ schedule: Schedule) -> Schedule {
    Schedule(WarmupRule(steps: steps, initialShare: initialShare, curve: curve, next: schedule))
  }
}

extension Schedule {
  /// A rise over so many steps to the first rate of the schedule that follows.
  ///
  ///     .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000))
  ///
  /// Update t gets the share (t + 1) / steps: the first one moves already, and the last has the full rate.
  ///
  /// - Parameters:
  ///   - share: what the first update gets of the full rate. Then update t is t / steps of the way to it, and the
  ///     first to have it is the one after the warm-up: PyTorch's `LinearLR`; with 0, which lets the first update
  ///     change nothing, the warm-ups of Hugging Face.
  ///   - curve: how the rate rises.
  /// - Errors: traps unless there is at least 1 step, and the share is from 0 to below 1.
  public static func warmup(
    steps: Int, from share: Double? = nil, curve: Curve = .linear
  ) -> Warmup {
    Warmup(steps: steps, initialShare: share, curve: curve)
  }

  /// This schedule for so many steps, then the other from its start: PyTorch's `SequentialLR`.
  ///
  /// Of several in a row, all count from the start of the whole: `a.then(b, after: 10).then(c, after: 30)`.
  public func then(_ next: Schedule, after steps: Int) -> Schedule {
    Schedule(SequenceRule(steps: steps, first: self, next: next))
  }
}

struct WarmupRule: ScheduleRule {
  static let name = "warmup"
  let steps: Int
  let initialShare: Double?
  let curve: Schedule.Curve
  let next: Schedule

  var mistake: TensorError? {
    mistake(inSteps: steps)
      ?? initialShare.flatMap { NumberRange.fraction.mistake($0, "a first share", of: name) }
  }

  func learningRate(at step: Int) -> Double {
    guard step < steps else { return next.learningRate(at: step - steps) }
    let full = next.learningRate(at: 0)
    let done = initialShare == nil ? step + 1 : step
    return curve.between(
      full * (initialShare ?? 0), full, after: Double(done), of: Double(steps))
  }

  static let samples = [
    ScheduleCatalog.Sample(
      .warmup(steps: 4, from: 0).then(.constant(1)),
      rates: [0: 0, 1: 0.25, 2: 0.5, 3: 0.75, 4: 1, 5: 1]),
    ScheduleCatalog.Sample(
      .warmup(steps: 2, from: 0.5, curve: .cosine).then(.linear(from: 4, to: 2, steps: 2)),
      rates: [0: 2, 1: 3, 2: 4, 3: 3, 4: 2]),
    ScheduleCatalog.Sample(
      .warmup(steps: 3, curve: .logarithmic).then(.constant(1)), rates: [0: 0.5, 2: 1, 3: 1]),
    ScheduleCatalog.Sample(
      .warmup(steps: 4).then(.cosine(peak: 1, steps: 4)),
      rates: [
        0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, 5: 0.8535533905932737, 6: 0.5, 8: 0, 9: 0,
      ]),
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
