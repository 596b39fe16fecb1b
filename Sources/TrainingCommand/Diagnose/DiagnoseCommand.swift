internal import TrainingDiagnostics
internal import TrainingKit

/// `training diagnose`: what is wrong with runs, from their logs.
struct DiagnoseCommand {
  // Steps that reports keep at full rate: their plots show the extremes of all of them.
  private static let recorded = 1 << 17

  private let settings: DiagnoseSettings
  private var gravest: Severity?
  private var failure: ExitStatus?
  private var reports: ReportFiles
  /// What was found in folders, and is no log.
  private var passedOver: [String] = []

  init(_ settings: DiagnoseSettings) throws(UsageError) {
    guard !settings.files.isEmpty else {
      throw UsageError("diagnose: expected files, a folder or -, got none; --help explains")
    }
    self.settings = settings
    reports = try ReportFiles(page: settings.page, folder: settings.pictures)
  }

  /// Diagnoses every log, and returns how the command ends.
  mutating func execute() throws(UsageError) -> Int32 {
    var count = 0
    let logs = try LogFiles.logs(settings.files)
    for log in logs where diagnose(log) { count += 1 }
    if count == 0, failure == nil {
      throw UsageError("\(settings.files[0]): expected logs in the folder, got none", .noInput)
    }
    if !passedOver.isEmpty { Console.warn("no logs: \(passedOver.joined(separator: ", "))") }
    try reports.write { $0 == 1 ? "Diagnosis of a run" : "Diagnosis of \($0) runs" }
    if let failure { return failure.rawValue }
    switch gravest {
    case .fault: return 2
    case .warning: return 1
    case .note, nil: return 0
    }
  }

  /// Diagnoses a log, as far as it can be read. False when it is no log, and nobody said that it were.
  private mutating func diagnose(_ log: LogFiles.Log) -> Bool {
    let name = log.path == "-" && !settings.json ? "standard input" : log.path
    var doctor = Doctor()
    var record = RunRecord(capacity: Self.recorded)
    var order = StepOrder()
    var problem: (any Error)?
    do {
      try read(log.path, as: name, into: &doctor, &record, &order)
    } catch {
      problem = error
    }
    if log.isFound, let error = problem as? DataError, error.place == .file {
      passedOver.append(log.path)
      return false
    }
    let last = doctor.conclude()
    // What was told of a log as it grew cannot be taken back.
    if log.path != "-" { doctor.review() }
    let diagnosis = doctor.diagnosis()
    if let words = order.words { Console.warn("\(name): \(words)") }
    if diagnosis.steps > 0 {
      FindingReport(name: name, json: settings.json).show(
        diagnosis, findings: log.path == "-" ? last : diagnosis.findings, record,
        isWhole: problem == nil)
      reports.add(ReportedRun(name: name, record: record, diagnosis: diagnosis))
      gravest = [gravest, diagnosis.severity].compactMap { $0 }.max()
    }
    if let problem {
      Console.report(problem)
      failure = failure ?? ExitStatus(problem)
    }
    return true
  }

  /// Hands the steps of a log to the doctor; findings in standard input are shown as they arise.
  private func read(
    _ path: String, as name: String, into doctor: inout Doctor, _ record: inout RunRecord,
    _ order: inout StepOrder
  ) throws {
    var stream = try ByteStream(path)
    var reader = LogReader(file: name)
    let report = FindingReport(name: name, json: settings.json)
    let isLive = path == "-"
    let isRecorded = reports.areWanted || (Console.isTerminal && !settings.json)
    func take(_ step: StepRecord) {
      order.note(step.step)
      let findings = doctor.observe(step)
      if isRecorded { record.append(step) }
      if isLive { findings.forEach(report.show) }
    }
    while let bytes = try stream.next() { try reader.read(bytes, take) }
    try reader.finish(take)
  }
}
