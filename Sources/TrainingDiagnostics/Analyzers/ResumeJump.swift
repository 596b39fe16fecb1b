/// Runs that go on from an earlier step, and are not what they were there.
///
/// - Finds: step numbers that go back, or the first step of a run that is known to go on, behind which the losses are
///   far above their level, a warning: the optimizer's moments, the schedule or the order of data were lost; or far
///   below it, a note: data that was seen comes again.
public struct ResumeJump: Analyzer {
  /// `resume-jump`
  public static let name = "resume-jump"
  private var watch: LevelWatch?
  private var last: Int?

  /// Creates the analyzer.
  public init() {}

  /// Looks for a step that goes back, or at the losses behind one.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard step.loss != nil else { return nil }
    // Numbers that begin anew with every epoch go back to the first one: nothing was resumed there.
    if let last, step.step < last, step.step > history.first?.step ?? 0 {
      watch = LevelWatch(at: step.step, history.loss)
    } else if step.step == history.resumeStep, last != step.step {
      // Where the place is known, less says something.
      watch = LevelWatch(at: step.step, history.loss, deviations: 2, share: 0.05)
    }
    last = step.step
    guard let change = watch?.change(with: step.loss) else { return nil }
    watch = nil
    guard change.isAbove || change.isBelow else { return nil }
    return Finding(
      .resumeJump, cause: change.isAbove ? .lostState : .repeatedData,
      severity: change.isAbove ? .warning : .note, step: change.step, confidence: 0.8,
      evidence: ["loss": change.after, "loss_before": change.before],
      remedy: change.isAbove
        ? "restore moments, the optimizer's step, schedule, random state and the place in the data"
        : "restore the sampler's place in the data",
      nextTest:
        "compare the loss of one batch, the moments and the learning rate before and after the resume",
      sources: ["bigscience tr8b chronicles"])
  }
}
