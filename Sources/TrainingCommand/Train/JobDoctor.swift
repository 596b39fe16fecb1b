internal import TrainingDiagnostics
internal import TrainingKit

/// The doctor of a job, who watches its steps from where the command began.
struct JobDoctor {
  /// Whether the doctor may go back and change the run.
  let treats: Bool
  private let page: String?

  /// Nil when nobody asked for one.
  init?(_ settings: TrainSettings) throws(UsageError) {
    guard settings.doctor != nil || settings.page != nil else { return nil }
    if let path = settings.page { try File.checkWritable(path) }
    (treats, page) = (settings.doctor == .treat, settings.page)
  }

  /// The care for a run that has had some treatments.
  func care(after treatments: [Treatment]) -> Care {
    var care = treats ? Care.treating : .standard
    care.treatmentLimit = max(0, care.treatmentLimit - treatments.count)
    return care
  }

  /// The state of health in a few words, such as `1 warning`.
  func health(_ diagnosis: Diagnosis, _ treatments: [Treatment]) -> String {
    let findings = [Severity.fault, .warning].map { severity in
      (diagnosis.findings.count { $0.severity == severity }, "\(severity)")
    }
    let words = (findings + [(treatments.count, "treatment")]).filter { $0.0 > 0 }.map {
      "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")"
    }
    return ((diagnosis.isHealthy ? ["healthy"] : []) + words).joined(separator: ", ")
  }

  /// Writes the page about a run that is over, if there is to be one.
  func writePage(_ name: String, _ watched: WatchedRun<Network, [Batch]>) throws(UsageError) {
    guard let page else { return }
    let run = ReportedRun(name: name, watched: watched)
    try File.write(HTMLReport(title: "Training of \(name)", runs: [run]).html, to: page)
  }
}
