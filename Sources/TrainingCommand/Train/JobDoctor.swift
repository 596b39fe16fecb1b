internal import TrainingDiagnostics
internal import TrainingKit

/// The doctor of a job, who watches its steps from where the command began.
struct JobDoctor {
  private var doctor = Doctor()
  private var record = RunRecord()
  private let page: String?

  /// Nil when nobody asked for one.
  init?(_ settings: TrainSettings) throws(UsageError) {
    guard settings.isWatched || settings.page != nil else { return nil }
    if let path = settings.page { try File.checkWritable(path) }
    page = settings.page
  }

  /// Takes the outcome of a step, and returns what is new.
  mutating func observe(_ outcome: StepOutcome) -> [Finding] {
    var step = StepRecord(outcome)
    // The command counts steps from 1.
    step.step += 1
    record.append(step)
    return doctor.observe(step)
  }

  /// What is to be said when no step will follow; the page is written.
  mutating func conclude(name: String) throws(UsageError) -> Diagnosis {
    doctor.conclude()
    let diagnosis = doctor.diagnosis()
    if let page {
      let run = ReportedRun(name: name, record: record, diagnosis: diagnosis)
      try File.write(HTMLReport(title: "Training of \(name)", runs: [run]).html, to: page)
    }
    return diagnosis
  }
}
