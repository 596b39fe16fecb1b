/// Steps that wait for their batches.
///
/// - Finds: time between steps that is more than a third of all time, and a millisecond a step, in 12 of the last 16
///   stretches of eight steps, after four to warm up: a note. It is a warning where it is more than half, and a minute
///   was waited in all. One stall is in one stretch only.
public struct SlowLoader: Analyzer {
  /// `slow-loader`
  public static let name = "slow-loader"

  /// Steps in a row.
  private struct Stretch {
    static let length = 8
    var steps = 0
    var waited = 0.0
    var taken = 0.0

    /// The share of the time that was waited; 0 of waits that nobody would feel.
    var share: Double { waited < 1e-3 * Double(Self.length) ? 0 : waited / (waited + taken) }
  }

  private var stretch = Stretch()
  private var stretches = 0
  private var shares = Window(capacity: 16)
  private var waits = Window(capacity: 16)
  private var steps = Window(capacity: 16)

  /// Creates the analyzer.
  public init() {}

  /// Adds a step and the wait before it.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let wait = step.waitSeconds, let seconds = step.seconds, wait >= 0, seconds >= 0,
      (wait + seconds).isFinite
    else { return nil }
    stretch.steps += 1
    (stretch.waited, stretch.taken) = (stretch.waited + wait, stretch.taken + seconds)
    guard stretch.steps == Stretch.length else { return nil }
    defer { stretch = Stretch() }
    stretches += 1
    guard stretches > 4 else { return nil }
    shares.append(stretch.share)
    waits.append(stretch.waited / Double(Stretch.length))
    steps.append(stretch.taken / Double(Stretch.length))
    return finding(at: step.step, history)
  }

  private func finding(at step: Int, _ history: RunHistory) -> Finding? {
    let least = shares.values.sorted().dropFirst(4).first ?? 0
    guard shares.count == shares.capacity, least > 1 / 3, let wait = waits.median else {
      return nil
    }
    let isLong = least > 0.5 && wait * Double(stretches * Stretch.length) > 60
    return Finding(
      .slowLoader, cause: .slowData, severity: isLong ? .warning : .note, step: step,
      began: history.step(shares.capacity * Stretch.length - 1, before: step), confidence: 0.8,
      evidence: [
        "wait_share": shares.median, "wait_seconds": wait, "step_seconds": steps.median,
      ],
      remedy:
        "make batches ahead, on more threads: DataLoader(…, prefetch: 4, workers: 4); or keep what is read and decoded"
    )
  }
}
