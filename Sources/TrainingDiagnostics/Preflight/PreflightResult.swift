internal import TrainingKit

/// What became of one check.
public struct PreflightResult: Sendable {
  /// The name of the check.
  public let check: String
  /// What is true of a run that passes it.
  public let statement: String
  /// What it found; nothing where it passed, or could not tell.
  public let findings: [Finding]

  init(_ check: any PreflightCheck, _ subject: PreflightSubject) throws {
    self.check = type(of: check).name
    statement = type(of: check).statement
    findings = try validated { try check.examine(subject) }
  }
}
