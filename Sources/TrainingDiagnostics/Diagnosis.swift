/// What is known of a run's health: its findings, the graver and the causes first.
public struct Diagnosis: Sendable, Hashable, Codable {
  /// The findings, without those that a graver one of the same symptom makes needless.
  public let findings: [Finding]
  /// How many steps were looked at.
  public let steps: Int
  /// The last of them; nil when there was none.
  public let lastStep: Int?

  init(_ findings: [Finding], steps: Int, lastStep: Int?) {
    let needed = findings.filter { finding in
      !findings.contains { $0.symptom == finding.symptom && $0.severity > finding.severity }
    }
    (self.findings, self.steps, self.lastStep) = (needed.ranked, steps, lastStep)
  }

  /// The gravest severity; nil when nothing was found.
  public var severity: Severity? { findings.map(\.severity).max() }

  /// Whether there is neither a warning nor a fault.
  public var isHealthy: Bool { severity.map { $0 < .warning } ?? true }
}

extension Diagnosis: CustomStringConvertible {
  /// One line of health, then a line for each finding.
  public var description: String {
    ([health] + findings.map { "  \($0)" }).joined(separator: "\n")
  }

  /// The state of health in one line.
  public var health: String {
    let counts = Severity.allCases.reversed().compactMap { severity -> String? in
      let count = findings.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(severity)\(count == 1 ? "" : "s")"
    }
    let verdict = isHealthy ? "healthy" : "sick"
    let extent = steps == 1 ? "1 step" : "\(steps) steps"
    return "\(verdict): \(extent)" + (counts.isEmpty ? "" : ", " + counts.joined(separator: ", "))
  }
}

extension [Finding] {
  /// In the order of telling. Insertion keeps it well defined, as "comes before" need not be transitive.
  var ranked: [Finding] {
    reduce(into: []) { ranked, finding in
      let place = ranked.firstIndex { finding.isBefore($0) } ?? ranked.endIndex
      ranked.insert(finding, at: place)
    }
  }
}
