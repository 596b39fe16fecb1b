internal import TrainingDiagnostics
internal import TrainingKit

/// Where a job stands, beside its run.
struct Job: Codable {
  var summary: Summary
  var tally = Tally()
  var plateau: ReduceOnPlateau?

  /// How many epochs are finished, or have taken a step.
  fileprivate var begunEpochs: Int { summary.lossPerEpoch.count + (tally.loss.isNaN ? 0 : 1) }
}

/// The folder that a job keeps its checkpoints in.
struct JobFolder {
  private let folder: CheckpointFolder
  private let interval: Int?

  init?(_ settings: TrainSettings) {
    guard let path = settings.checkpointFolder else { return nil }
    folder = CheckpointFolder(path, keepLast: 3, keepBest: .highest)
    interval = settings.checkpointInterval
  }

  /// Whether a checkpoint is to be written after a step.
  func isDue(after step: Int) -> Bool { interval.map { step.isMultiple(of: $0) } ?? false }

  func write(
    _ run: TrainingRun<Network>, _ loader: DataLoader, _ job: Job, accuracy: Double? = nil
  ) throws(CheckpointError) {
    var checkpoint = try run.checkpoint(loader: loader)
    try checkpoint.encode(job, as: "job")
    try folder.write(checkpoint, step: run.steps, metric: accuracy)
  }

  /// Takes the job to its last checkpoint, and returns where it goes on; nil when there is none.
  func resume(
    _ run: inout TrainingRun<Network>, _ loader: DataLoader, _ job: inout Job, _ plan: inout Plan
  ) throws -> Resumption? {
    let search = try search()
    for error in search.refused { Console.warn("\(error)") }
    guard let checkpoint = search.checkpoint else {
      guard search.refused.isEmpty else {
        throw UsageError(
          "--resume: expected a checkpoint that is whole, got none in \(folder.path)",
          search.refused.allSatisfy { $0.kind == .system } ? .noInput : .data)
      }
      return nil
    }
    let saved = try checkpoint.decode(Job.self, "job")
    plan.goOn(from: saved.summary.settings)
    job.summary.settings.warmup = plan.warmup
    try check(plan, job.summary.settings, saved)
    // A checkpoint is of a run with the settings that it was treated to; what else a remedy changes is in it.
    for remedy in (saved.summary.treatments ?? []).flatMap(\.remedies) { remedy.apply(to: &run) }
    try run.restore(checkpoint, loader: loader)
    let settings = job.summary.settings
    job = saved
    (job.summary.settings, job.summary.resumedAt) = (settings, run.steps)
    return Resumption(of: &run, plan, after: saved)
  }

  /// What the folder holds. A refusal of the system is one to read, not to write, as it is everywhere else.
  private func search() throws -> CheckpointFolder.Search {
    do throws(CheckpointError) {
      return try folder.latest()
    } catch {
      throw UsageError("--resume: \(error)", .noInput)
    }
  }

  /// Throws unless the settings are those of the checkpoint. Only the number of epochs may be asked anew.
  private func check(_ plan: Plan, _ settings: Summary.Settings, _ saved: Job) throws(UsageError) {
    var own = settings
    if plan.settings.epochs != nil { own.epochs = saved.summary.settings.epochs }
    if let difference = own.difference(from: saved.summary.settings) {
      throw UsageError("--resume: expected the settings of the checkpoint: \(difference)")
    }
    guard plan.epochs >= saved.begunEpochs else {
      throw UsageError(
        "--epochs: expected at least \(saved.begunEpochs), which the checkpoint has begun, "
          + "got \(plan.epochs)")
    }
  }

  /// Throws when the folder has checkpoints of another run, which this one would remove in time.
  func checkEmpty() throws {
    let found = try folder.entries()
    guard found.entries.isEmpty, found.refused.isEmpty else {
      throw UsageError(
        "--checkpoint-dir: expected a folder without checkpoints, got \(folder.path); "
          + "--resume goes on from them")
    }
  }
}
