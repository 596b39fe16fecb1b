#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif
internal import TrainingKit

/// The schedules by the names that the command knows them by.
enum ScheduleChoice: String, CaseIterable {
  case constant, step, linear, exponential, cosine, plateau
  case oneCycle = "one-cycle"
  case warmupStableDecay = "warmup-stable-decay"
  case inverseSquareRoot = "inverse-square-root"

  /// Whether the learning rate of a step depends on how many there will be, beside the warm-up.
  var dependsOnLength: Bool {
    switch self {
    case .constant, .plateau, .inverseSquareRoot: false
    case .step, .linear, .exponential, .cosine, .oneCycle, .warmupStableDecay: true
    }
  }

  /// The learning rates of a run of so many updates, whose first ones are a warm-up.
  func schedule(peak: Double, updates: Int, warmup: Int) -> Schedule {
    let rest = max(1, updates - warmup)
    func warm(_ schedule: Schedule) -> Schedule {
      warmup > 0 ? .warmup(steps: warmup).then(schedule) : schedule
    }
    switch self {
    case .constant, .plateau: return warm(.constant(peak))
    case .step: return warm(.step(peak, every: max(1, rest / 3), factor: 0.1))
    case .linear: return warm(.linear(from: peak, to: 0, steps: rest))
    case .exponential: return warm(.exponential(peak, factor: pow(1e-3, 1 / Double(rest))))
    case .cosine: return warm(.cosine(peak: peak, steps: rest))
    case .inverseSquareRoot:
      return warm(.inverseSquareRoot(peak: peak, timescale: max(1, warmup)))
    case .warmupStableDecay:
      let decay = max(1, rest / 5)
      return warm(.constant(peak).annealed(to: 0, over: decay, after: rest - decay))
    case .oneCycle:
      // A rise takes two steps at least.
      let steps = max(4, updates)
      let share = min(max(2 / Double(steps), Double(warmup) / Double(steps)), 0.5)
      return .oneCycle(peak: peak, steps: steps, warmupShare: share)
    }
  }
}
