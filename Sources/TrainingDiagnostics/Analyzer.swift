/// A rule that watches a run for one illness.
///
///     struct TooLoud: Analyzer {
///       static let name = "too-loud"
///       mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? { … }
///     }
///     var doctor = Doctor(AnalyzerCatalog.standard + [TooLoud()])
///
/// An analyzer is a value that is handed every step once, in order, unless it ``looksInside``. What it needs beyond the
/// digest in ``RunHistory`` it keeps itself, in bounded memory, and it looks at no step twice. It need not care for
/// speaking too often: ``Doctor`` hears the first finding of a symptom, and what is graver.
public protocol Analyzer: Sendable {
  /// The name in reports, of lower-case words joined by dashes.
  static var name: String { get }

  /// Whether it goes by what is seen inside the model, and is handed no step that was not looked into: of many rules a
  /// step then asks few.
  static var looksInside: Bool { get }

  /// Looks at a step, beside what the run was before it.
  mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding?

  /// Looks at the run as a whole, once no step will follow.
  mutating func conclude(_ history: RunHistory) -> Finding?
}

extension Analyzer {
  /// False: it is handed every step.
  public static var looksInside: Bool { false }

  /// Nothing: most illnesses show while the run goes on.
  public mutating func conclude(_ history: RunHistory) -> Finding? { nil }
}
