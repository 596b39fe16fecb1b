/// A look at a run before its first step, for one mistake.
///
///     struct EvenBatches: PreflightCheck {
///       static let name = "even-batches"
///       static let statement = "batches are even"
///       func examine(_ subject: PreflightSubject) throws -> [Finding] { … }
///     }
///     let checks = PreflightCatalog.standard + [EvenBatches()]
///     let findings = try Preflight(of: run, on: [batch], with: checks, loss).findings()
///
/// A check is silent where it cannot tell: a healthy run has no warning.
public protocol PreflightCheck: Sendable {
  /// The name in reports, of lower-case words joined by dashes.
  static var name: String { get }

  /// What is true of a run that passes, in a few words.
  static var statement: String { get }

  /// Looks at the run as it stands.
  func examine(_ subject: PreflightSubject) throws -> [Finding]
}
