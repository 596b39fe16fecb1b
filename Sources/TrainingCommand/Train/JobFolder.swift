internal import TrainingDiagnostics
internal import TrainingKit

/// Where a job stands, beside its run.
struct Job: Codable {
  var summary: Summary
  var tally = Tally()
  var plateau: ReduceOnPlateau?
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

  /// Takes the job to its last checkpoint. False when there is none.
  func resume(
    _ run: inout TrainingRun<Network>, _ loader: DataLoader, _ job: inout Job
  ) throws -> Bool {
    let search = try folder.latest()
    for error in search.refused { Console.warn("\(error)") }
    guard let checkpoint = search.checkpoint else {
      guard search.refused.isEmpty else {
        throw UsageError(
          "--resume: expected a checkpoint that is whole, got none in \(folder.path)", .data)
      }
      return false
    }
    let saved = try checkpoint.decode(Job.self, "job")
    if let difference = job.summary.settings.difference(from: saved.summary.settings) {
      throw UsageError("--resume: expected the settings of the checkpoint: \(difference)")
    }
    // A checkpoint is of a run with the settings that it was treated to; what else a remedy changes is in it.
    for treatment in saved.summary.treatments ?? [] { treatment.remedy.apply(to: &run) }
    try run.restore(checkpoint, loader: loader)
    let settings = job.summary.settings
    job = saved
    (job.summary.settings, job.summary.resumedAt) = (settings, run.steps)
    return true
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
