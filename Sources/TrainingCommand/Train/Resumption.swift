internal import TrainingKit

/// Where a job goes on, and what another number of epochs makes of it.
struct Resumption {
  /// What is to be said.
  let description: String

  /// Gives the run the schedule of its new length, where that is another one.
  init(of run: inout TrainingRun<Network>, _ plan: Plan, after saved: Job) {
    let place = "going on after step \(run.steps) of \(plan.epochs * plan.stepsPerEpoch)"
    let (before, now) = (saved.summary.settings.epochs, plan.epochs)
    guard now != before else {
      description = place
      return
    }
    let name = plan.settings.schedule.rawValue
    let change = "\(place), with \(now) epochs in place of \(before): "
    guard plan.settings.schedule.dependsOnLength else {
      description =
        change
        + "the schedule \(name) does not depend on them, so the steps are those of a run of \(now) epochs"
        + (plan.settings.warmup == nil ? " with --warmup \(plan.warmup)" : "")
      return
    }
    let old = run.schedule.learningRate(at: run.updates)
    run.schedule = plan.schedule.scaled(by: saved.summary.treatedRate)
    let new = run.schedule.learningRate(at: run.updates)
    description =
      change
      + "the schedule \(name) is laid over all \(now), so the next step has the learning rate "
      + "\(Format.significant(new)) where it would have had \(Format.significant(old)), "
      + "and the steps so far are not those of a run that was begun with \(now) epochs"
  }
}
