internal import FoundationEssentials
internal import TrainingDiagnostics

/// How findings are shown: in words, or one JSON object a line.
struct FindingReport {
  let name: String
  let json: Bool

  /// A finding with the log that it is about.
  private struct Row: Encodable {
    let file: String
    let finding: Finding

    private enum Key: String, CodingKey {
      case file
      case evidenceInWords = "evidence_in_words"
    }

    func encode(to encoder: any Encoder) throws {
      try finding.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(file, forKey: .file)
      try container.encode(finding.evidenceInWords, forKey: .evidenceInWords)
    }
  }

  /// Shows the health of a run and findings about it; on a terminal also the course of its loss.
  /// Where the log could not be read to its end, its health is that of the steps before.
  func show(
    _ diagnosis: Diagnosis, findings: [Finding], _ record: RunRecord, isWhole: Bool = true
  ) {
    if !json {
      let curve = Console.isTerminal ? Sparkline(record).text(ascii: !Console.isUnicode) : ""
      let extent = isWhole ? "" : "as far as it could be read, "
      Console.print("\(name): \(extent)\(diagnosis.health)" + (curve.isEmpty ? "" : "  \(curve)"))
    }
    findings.forEach(show)
  }

  /// Shows a finding.
  func show(_ finding: Finding) {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      // Findings hold nothing that JSON does not have.
      guard let data = try? encoder.encode(Row(file: name, finding: finding)) else { return }
      Console.print(String(decoding: data, as: UTF8.self))
    } else {
      Console.print(Self.words(of: finding))
    }
  }

  /// Shows what a finding rests on and what to do, without its title.
  func showDetails(_ finding: Finding) { Console.print(Self.details(of: finding)) }

  /// A finding in some lines, each under its label.
  static func words(of finding: Finding) -> String {
    let place = finding.site.map { " (\($0))" } ?? ""
    return "  \(finding.heading): \(finding.symptom)\(place)\n"
      + details(of: finding)
  }

  private static func details(of finding: Finding) -> String {
    let sure = Int((finding.confidence * 100).rounded())
    let parts = [
      ("evidence", "\(finding.evidenceInWords); \(sure) % sure"), ("cause", "\(finding.cause)"),
      ("test", finding.nextTest ?? ""), ("remedy", finding.remedy),
    ]
    return parts.filter { !$0.1.isEmpty }.map { part in
      let lines = Format.wrapped(part.1, columns: 85)
      let label = "    \(part.0)" + String(repeating: " ", count: 10 - part.0.count)
      return label + lines.joined(separator: "\n" + String(repeating: " ", count: 14))
    }.joined(separator: "\n")
  }
}
