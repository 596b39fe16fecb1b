/// What an analyzer found: a symptom, its cause as far as the numbers tell, and what to do about it.
///
/// As JSON a finding is an object with the keys `symptom, cause, severity, step, confidence, evidence, remedy`, and
/// `began`, `next_test`, `place`, `examples` and `sources` where there are any.
public struct Finding: Sendable, Hashable {
  /// What is seen.
  public var symptom: Symptom
  /// What it comes from, or ``Cause/undetermined``.
  public var cause: Cause
  /// How much it matters.
  public var severity: Severity
  /// The step at which it shows.
  public var step: Int
  /// The earlier step at which the trouble began, as far as that can be seen; nil where nobody knows it.
  public var began: Int?
  /// How likely the symptom is what it looks like and, where one is named, the cause the right one.
  ///
  /// - Units: a probability, from 0 to 1. Of a ``WatchedRun`` it is calibrated on injected faults.
  public var confidence: Double
  /// The numbers it rests on.
  public var evidence: Evidence
  /// What to do, most promising first.
  public var remedy: String
  /// What would tell the cause, where the numbers do not.
  public var nextTest: String?
  /// Where in the model or in the run; nil where it concerns the whole.
  public var place: String?
  /// The places in the data set of the examples that it concerns, the worst first; empty where they are not known.
  public var examples: [Int]
  /// Where the rule or the remedy comes from.
  public var sources: [String]

  /// Creates a finding.
  public init(
    _ symptom: Symptom, cause: Cause = .undetermined, severity: Severity, step: Int,
    began: Int? = nil, confidence: Double, evidence: Evidence, remedy: String,
    nextTest: String? = nil,
    place: String? = nil, examples: [Int] = [], sources: [String] = []
  ) {
    (self.symptom, self.cause, self.severity, self.step) = (symptom, cause, severity, step)
    self.began = began.flatMap { $0 < step ? $0 : nil }
    self.confidence = min(max(confidence, 0), 1)
    (self.evidence, self.remedy, self.nextTest) = (evidence, remedy, nextTest)
    (self.place, self.examples, self.sources) = (place, examples, sources)
  }
}

extension Finding: Codable {
  private enum CodingKeys: String, CodingKey {
    case symptom, cause, severity, step, began, confidence, evidence, remedy, place, examples,
      sources
    case nextTest = "next_test"
  }

  /// Writes the object that the type's description names.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(symptom, forKey: .symptom)
    try container.encode(cause, forKey: .cause)
    try container.encode(severity, forKey: .severity)
    try container.encode(step, forKey: .step)
    try container.encodeIfPresent(began, forKey: .began)
    try container.encode(confidence, forKey: .confidence)
    try container.encode(evidence, forKey: .evidence)
    try container.encode(remedy, forKey: .remedy)
    try container.encodeIfPresent(nextTest, forKey: .nextTest)
    try container.encodeIfPresent(place, forKey: .place)
    if !examples.isEmpty { try container.encode(examples, forKey: .examples) }
    if !sources.isEmpty { try container.encode(sources, forKey: .sources) }
  }

  /// Reads the object that the type's description names.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(Symptom.self, forKey: .symptom),
      cause: try container.decode(Cause.self, forKey: .cause),
      severity: try container.decode(Severity.self, forKey: .severity),
      step: try container.decode(Int.self, forKey: .step),
      began: try container.decodeIfPresent(Int.self, forKey: .began),
      confidence: try container.decode(Double.self, forKey: .confidence),
      evidence: try container.decode(Evidence.self, forKey: .evidence),
      remedy: try container.decode(String.self, forKey: .remedy),
      nextTest: try container.decodeIfPresent(String.self, forKey: .nextTest),
      place: try container.decodeIfPresent(String.self, forKey: .place),
      examples: try container.decodeIfPresent([Int].self, forKey: .examples) ?? [],
      sources: try container.decodeIfPresent([String].self, forKey: .sources) ?? [])
  }
}

extension Finding {
  /// Since when, in words: `at step 160`, or `began at step 120, sure at step 160`.
  public var time: String {
    began.map { "began at step \($0), sure at step \(step)" } ?? "at step \(step)"
  }

  /// The severity and the time: `fault at step 160`, or `fault, began at step 120, sure at step 160`.
  package var heading: String { "\(severity)\(began == nil ? "" : ",") \(time)" }

  /// The place and the examples in words: `0.weight, examples 17, 204`; nil where it concerns the whole.
  public var site: String? {
    let parts = [place, examplesInWords].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var examplesInWords: String? {
    guard let first = examples.first else { return nil }
    if examples.count == 1 { return "example \(first)" }
    let named = examples.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "examples \(named)" + (examples.count > 8 ? ", … (\(examples.count))" : "")
  }
}

extension Finding: CustomStringConvertible {
  /// One line: what, when, on which evidence, why, and what to do.
  public var description: String {
    let site = site.map { " in \($0)" } ?? ""
    let test = nextTest.map { " (test: \($0))" } ?? ""
    return
      "\(heading)\(site): \(symptom) (\(evidenceInWords)); cause: \(cause)\(test); "
      + "remedy: \(remedy)"
  }
}
