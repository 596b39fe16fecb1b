/// A run as reports tell of it: its name, its numbers and what was found.
public struct ReportedRun: Sendable {
  /// What the run is called: any text.
  public let name: String
  /// Its numbers.
  public let record: RunRecord
  /// What was found.
  public let diagnosis: Diagnosis
  /// What was done about findings, in its order.
  public let treatments: [Treatment]

  /// Creates a run of its parts.
  public init(
    name: String, record: RunRecord, diagnosis: Diagnosis, treatments: [Treatment] = []
  ) {
    (self.name, self.record) = (name, record)
    (self.diagnosis, self.treatments) = (diagnosis, treatments)
  }

  /// Creates a run that is diagnosed here.
  public init(name: String, record: RunRecord) {
    self.init(name: name, record: record, diagnosis: Doctor.diagnose(record.steps))
  }

  /// Creates a run of what its doctor knows by now.
  public init<Model, Item>(name: String, watched: WatchedRun<Model, Item>) {
    self.init(
      name: name, record: watched.record, diagnosis: watched.diagnosis(),
      treatments: watched.treatments)
  }
}

extension [ReportedRun] {
  /// The gravest first, of the same severity those with more findings, else in the order they came.
  var worstFirst: [ReportedRun] {
    func rank(_ run: ReportedRun) -> (Int, Int) {
      let severities = run.diagnosis.findings.map(\.severity)
      let gravest = severities.max().flatMap { Severity.allCases.firstIndex(of: $0) } ?? -1
      return (gravest, severities.count)
    }
    return enumerated().sorted { a, b in
      let (first, second) = (rank(a.element), rank(b.element))
      return first == second ? a.offset < b.offset : first > second
    }.map(\.element)
  }
}
