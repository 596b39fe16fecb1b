internal import FoundationEssentials
internal import TrainingDiagnostics

/// What became of one check.
struct CheckResult {
  let name: String
  /// What there is to know where nothing is wrong.
  var detail = ""
  var findings: [Finding] = []

  var severity: Severity? { findings.map(\.severity).max() }
  private var status: String { severity?.rawValue ?? "ok" }

  /// A line, and a few for each finding.
  func show(json: Bool) {
    if json { return Console.print(line) }
    let gap = String(repeating: " ", count: max(1, 16 - name.count))
    let found = findings.map { finding in
      "\(finding.symptom)" + (finding.place.map { " (\($0))" } ?? "")
    }
    let summary = found.isEmpty ? detail : found.joined(separator: ", ")
    let mark = status + String(repeating: " ", count: 9 - status.count)
    Console.print(mark + (summary.isEmpty ? name : name + gap + summary))
    findings.forEach(FindingReport(name: name, json: false).showDetails)
  }
}

extension CheckResult: Encodable {
  private enum Key: CodingKey { case check, status, detail, findings }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .check)
    try container.encode(status, forKey: .status)
    try container.encode(detail, forKey: .detail)
    try container.encode(findings, forKey: .findings)
  }

  private var line: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Results hold nothing that JSON does not have.
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
