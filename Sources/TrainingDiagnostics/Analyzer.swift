/// A rule that watches a run for one illness.
///
///     struct TooLoud: Analyzer {
///       static let name = "too-loud"
///       mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? { … }
///     }
///     var doctor = Doctor(AnalyzerCatalog.standard + [TooLoud()])
///
/// An analyzer is a value that is handed the steps of its ``occasion`` once, in order. What it needs beyond the
/// digest in ``RunHistory`` it keeps itself, in bounded memory, and it looks at no step twice. It need not care for
/// speaking too often: ``Doctor`` hears the first finding of a symptom, and what is graver.
public protocol Analyzer: Sendable {
  /// The name in reports, of lower-case words joined by dashes.
  static var name: String { get }

  /// Which steps it is handed: of many rules a step then asks few.
  static var occasion: Occasion { get }

  /// Looks at a step, beside what the run was before it.
  mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding?

  /// Looks at the run as a whole, once no step will follow.
  mutating func conclude(_ history: RunHistory) -> Finding?
}

extension Analyzer {
  /// Every step.
  public static var occasion: Occasion { .step }

  /// Nothing: most illnesses show while the run goes on.
  public mutating func conclude(_ history: RunHistory) -> Finding? { nil }
}

/// Which steps an analyzer is handed.
public enum Occasion: Sendable {
  /// Every one.
  case step
  /// Those before which a series of losses has come to a new level, or losses to a multiple of eight.
  case level
  /// Those that were looked into.
  case examination
  /// None: only the whole run tells.
  case end
}
