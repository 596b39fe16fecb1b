/// How much a finding matters.
public enum Severity: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// Worth knowing; nothing has to be done.
  case note
  /// The run is likely to lose by it.
  case warning
  /// The run is failing, or has failed.
  case fault

  /// From note to fault.
  public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .fault: 2
    }
  }
}
