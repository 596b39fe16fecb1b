/// Runs that go on from an earlier step, and are not what they were there.
///
/// - Finds: step numbers that go back, or the first step of a run that is known to go on, behind which the losses are
///   far above their level, a warning: the optimizer's moments, the schedule or the order of data were lost; where the
///   place is known, a rise that is clear over the first eight or sixteen losses is enough. Losses may also be far
///   below it, a note: data that was seen comes again. The same note where steps tell their batches, and eight or more
///   come in the order that they had before, until one that is new shows that no epoch began there.
public struct ResumeJump: Analyzer {
  /// `resume-jump`
  public static let name = "resume-jump"
  private var watch: LevelWatch?
  private var last: Int?
  private var batches = BatchMemory()
  private var again: Repetition?
  /// The losses before a resume that is known, and those behind it.
  private var resumed: (step: Int, before: [Double], behind: [Double])?

  /// Creates the analyzer.
  public init() {}

  /// Looks for a step that goes back, or at the losses behind one.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard step.loss != nil else { return nil }
    let isResumed = step.step == history.resumeStep && last != step.step
    if isResumed { again = Repetition(step: step.step) }
    if let found = repetition(of: step) {
      last = step.step
      return found
    }
    // Numbers that begin anew with every epoch go back to the first one: nothing was resumed there.
    if let last, step.step < last, step.step > history.first?.step ?? 0 {
      watch = LevelWatch(at: step.step, history.loss)
    } else if isResumed {
      // Where the place is known, less says something.
      watch = LevelWatch(at: step.step, history.loss, deviations: 2, share: 0.05)
      resumed = (step.step, history.loss.recent.values, [])
    }
    last = step.step
    if let found = riseBehindResume(step.loss, history) { return found }
    guard let change = watch?.change(with: step.loss) else { return nil }
    watch = nil
    // Losses that are lower on batches that are known to be new have another reason.
    let isNew = step.batch != nil && again == nil
    guard change.isAbove || change.isBelow && !isNew else { return nil }
    return finding(change.step, change.before, change.after)
  }

  /// Compares the first losses behind a resume that is known with those before it: a healthy run goes on falling.
  private mutating func riseBehindResume(_ loss: Double?, _ history: RunHistory) -> Finding? {
    guard resumed != nil, let loss, loss.isFinite else { return nil }
    resumed!.behind.append(loss)
    let (step, before, behind) = resumed!
    if behind.count >= 16 { resumed = nil }
    guard behind.count % 8 == 0,
      let rise = ShiftOfMean(before + behind, at: before.count, least: 8), rise.errors > 5,
      rise.after - rise.before > 0.02 * history.loss.magnitude(of: rise.before)
    else { return nil }
    resumed = nil
    return finding(step, rise.before, rise.after)
  }

  private func finding(_ step: Int, _ before: Double, _ after: Double) -> Finding {
    let isAbove = after > before
    return Finding(
      .resumeJump, cause: isAbove ? .lostState : .repeatedData,
      severity: isAbove ? .warning : .note, step: step, confidence: 0.8,
      evidence: ["loss": after, "loss_before": before],
      remedy: isAbove
        ? "restore moments, the optimizer's step, schedule, random state and the place in the data"
        : "restore the sampler's place in the data",
      nextTest:
        "compare the loss of one batch, the moments and the learning rate before and after the resume",
      sources: ["bigscience tr8b chronicles"])
  }

  /// Follows the batches behind a resume, until one was not seen before.
  private mutating func repetition(of step: StepRecord) -> Finding? {
    guard let batch = step.batch else { return nil }
    let distance = batches.note(batch)
    guard var found = again else { return nil }
    guard let distance else {
      again = nil
      return found.length >= 8 ? finding(found) : nil
    }
    // Batches that are drawn anew in every epoch may come again, but not in a row.
    guard found.distance ?? distance == distance else {
      again = nil
      return nil
    }
    (found.distance, found.length) = (distance, found.length + 1)
    again = found
    return nil
  }

  private func finding(_ found: Repetition) -> Finding {
    Finding(
      .resumeJump, cause: .repeatedData, severity: .note, step: found.step, confidence: 0.95,
      evidence: [
        "repeated_batches": Double(found.length), "steps_ago": found.distance.map(Double.init),
      ], remedy: "restore the sampler's place in the data", sources: ["bigscience tr8b chronicles"])
  }
}

/// Batches behind a resume that were seen before it.
private struct Repetition {
  let step: Int
  var distance: Int?
  var length = 0
}
