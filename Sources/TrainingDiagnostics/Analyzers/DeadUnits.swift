/// Rectifiers whose units give zero whatever goes in.
///
/// - Finds: a layer more than half of whose units were zero for the whole batch in three examinations in a row. Those
///   that were at the first examination started like that, which counts when it is three quarters of them, or the loss
///   does not fall; those that died since were killed by a step too large. Zeros in single batches, and those of the
///   model's output, are no illness.
/// - Source: Lu et al. 2019, arXiv:1903.06733; by units and over several batches, as single batches give false alarms.
public struct DeadUnits: Analyzer {
  /// `dead-units`
  public static let name = "dead-units"
  private var streaks = Streaks()
  private var starts: [String: Double] = [:]
  private var inputLevel: Double?

  /// Creates the analyzer.
  public init() {}

  /// Looks at every rectifier; the first bad one is told.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    if starts.isEmpty { inputLevel = details.inputLevel }
    var worst: (place: String, share: Double, count: Int)?
    for (place, shares) in details.innerValues(\.deadShare) {
      // A unit that a recurrent layer uses at some other time is alive.
      let share = shares.min()!
      starts[place] = starts[place] ?? share
      let count = streaks.note(share > 0.5, at: place)
      if count >= 3, worst == nil { worst = (place, share, count) }
    }
    guard let worst else { return nil }
    // Units that died are news; of those that never lived, it is most, or the loss has to agree.
    let hasDied = starts[worst.place] ?? 1 <= 0.5
    guard hasDied || worst.share > 0.75 || history.lossFall ?? 1 < 0.05 else { return nil }
    return finding(step, history, worst.place, worst.share, worst.count)
  }

  private func finding(
    _ step: StepRecord, _ history: RunHistory, _ place: String, _ share: Double, _ count: Int
  ) -> Finding {
    let start = starts[place] ?? share
    let startedDead = start > 0.5
    let cause: Cause =
      !startedDead
      ? .learningRateTooHigh : inputLevel ?? 0 > 8 ? .inputScale : .initialization
    // Units that are used for few inputs are no loss while the others learn.
    let isLearning = history.lossFall ?? 0 > 0.3 && share < 0.9
    return Finding(
      .deadUnits, cause: cause, severity: isLearning ? .note : share > 0.95 ? .fault : .warning,
      step: step.step, confidence: 0.9,
      evidence: [
        "dead_share": share, "dead_share_at_start": start, "examinations": Double(count),
        "input_level": startedDead ? inputLevel : nil, "loss_fall": history.lossFall,
      ],
      remedy: startedDead
        ? "start the layer before with biases of 0 and weights by their fan-in, bring inputs to mean 0 and variance 1"
        : "go back before the units died with a lower learning rate or a warm-up; or use a leaky rectifier",
      place: place, sources: ["Lu et al. 2019, arXiv:1903.06733"])
  }
}
