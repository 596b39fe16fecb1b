/// Rectifiers whose units give zero whatever goes in.
///
/// - Finds: a layer more than half of whose units were zero for the whole batch in three examinations in a row. Those
///   that were at the first examination started like that, which counts from three quarters of them on; those that died
///   since, a quarter or more, were killed by steps too large where the loss has jumped, most weights have trebled
///   or the rate is a third of what it was. While the loss falls it is a
///   note. Zeros in single batches, and those of the model's output, are no illness.
/// - Source: Lu et al. 2019, arXiv:1903.06733; by units and over several batches, as single batches give false alarms.
public struct DeadUnits: Analyzer {
  /// `dead-units`
  public static let name = "dead-units"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var watch = ShareWatch()

  /// Creates the analyzer.
  public init() {}

  /// Looks at every rectifier; the first bad one is told.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    var worst: (place: String, share: Double, count: Int)?
    for (place, shares) in details.innerValues(\.deadShare) {
      // A unit that a recurrent layer uses at some other time is alive.
      let share = shares.min()!
      let count = watch.note(share, at: place, of: step)
      if count >= 3, worst == nil { worst = (place, share, count) }
    }
    guard let worst, isIllness(worst.share, from: watch.starts[worst.place]!, history) else {
      return nil
    }
    return finding(step, history, worst.place, worst.share, worst.count)
  }

  /// Whether most units never lived, or many have died and the loss shows it.
  private func isIllness(_ share: Double, from start: Double, _ history: RunHistory) -> Bool {
    if start > 0.5 || share > 0.95 { return share > 0.75 }
    return share > start + 0.25 && history.lossFall != nil
  }

  /// Whether steps were too large when units died: they have thrown loss or weights, or the rate is lower since.
  private func haveBeenThrown(_ place: String, _ history: RunHistory) -> Bool {
    if history.hasLossJumped || history.weightGrowth ?? 0 > 3 { return true }
    guard let began = watch.streaks.began(place), let now = history.learningRate.last?.value else {
      return false
    }
    return history.learningRate.value(at: began).map { $0 > 3 * now } ?? false
  }

  private func finding(
    _ step: StepRecord, _ history: RunHistory, _ place: String, _ share: Double, _ count: Int
  ) -> Finding {
    let start = watch.starts[place] ?? share
    let startedDead = start > 0.5
    let cause: Cause =
      startedDead
      ? (watch.inputLevel ?? 0 > 8 ? .inputScale : .initialization)
      : haveBeenThrown(place, history) ? .learningRateTooHigh : .undetermined
    // Units that are used for few inputs are no loss while the others learn.
    let isLearning = history.lossFall ?? 0 > 0.3 && share < 0.9
    return Finding(
      .deadUnits, cause: cause, severity: isLearning ? .note : share > 0.95 ? .fault : .warning,
      step: step.step, began: watch.streaks.began(place), confidence: 0.9,
      evidence: [
        "dead_share": share, "dead_share_at_start": start, "examinations": Double(count),
        "input_level": startedDead ? watch.inputLevel : nil, "loss_fall": history.lossFall,
      ],
      remedy: startedDead
        ? "start the layer before with biases of 0 and weights by their fan-in, bring inputs to mean 0 and variance 1"
        : "go back before the units died with a lower learning rate or a warm-up; or use a leaky rectifier",
      nextTest: cause == .undetermined
        ? "from the start, train on with a third of the learning rate: units that live were killed by it"
        : nil,
      place: place, sources: ["Lu et al. 2019, arXiv:1903.06733"])
  }
}

extension RunHistory {
  /// Whether losses were ever half above the first ones.
  fileprivate var hasLossJumped: Bool {
    let height = max(loss.peak, loss.recent.maximum ?? -.infinity) - loss.start
    return height > 0.5 * loss.magnitude(of: loss.start)
  }
}
