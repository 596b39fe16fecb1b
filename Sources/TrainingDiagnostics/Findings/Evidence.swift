/// Named numbers that a finding rests on, in the order of their weight. Numbers that are not finite are left out.
public struct Evidence: Sendable {
  /// The names and numbers.
  public let entries: [(name: String, value: Double)]

  /// Creates evidence of names and numbers; what is unknown is left out.
  public init(_ entries: [(String, Double?)]) {
    self.entries = entries.compactMap { name, value in
      value.flatMap { $0.isFinite ? (name, $0) : nil }
    }
  }

  /// The number of a name.
  public subscript(name: String) -> Double? { entries.first { $0.name == name }?.value }

  /// This evidence and one number more, or another number for a name that is there.
  public func adding(_ name: String, _ value: Double) -> Evidence {
    Evidence(entries.filter { $0.name != name } + [(name, value)])
  }
}

extension Evidence {
  /// This evidence and other.
  public func adding(_ other: Evidence) -> Evidence {
    other.entries.reduce(self) { $0.adding($1.name, $1.value) }
  }
}

extension Evidence: ExpressibleByDictionaryLiteral {
  /// Evidence as it is written down: `["loss": 5.1, "loss_ratio": 2.3]`.
  public init(dictionaryLiteral elements: (String, Double?)...) { self.init(elements) }
}

extension Evidence: Hashable {
  private var byName: [String: Double] {
    Dictionary(entries.map { ($0, $1) }) { first, _ in first }
  }

  /// Whether both have the same names and numbers, in whatever order.
  public static func == (a: Evidence, b: Evidence) -> Bool { a.byName == b.byName }

  /// Hashes names and numbers.
  public func hash(into hasher: inout Hasher) { hasher.combine(byName) }
}

extension Evidence: Codable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Writes an object of numbers.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, value) in entries { try container.encode(value, forKey: Name(stringValue: name)) }
  }

  /// Reads an object of numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
    self.init(try keys.map { ($0.stringValue, try container.decode(Double.self, forKey: $0)) })
  }
}

extension Evidence: CustomStringConvertible {
  /// The numbers in phrases, whatever the symptom: `loss 5.1, 2.3 times the loss before`.
  public var description: String {
    entries.map { "\(EvidencePhrase($0.name, $0.value))" }.joined(separator: ", ")
  }
}

extension Double {
  /// The number with four significant digits, as short as can be.
  var shortened: String {
    // Counts and steps are told to the last digit.
    if let whole = Int(exactly: self), whole.magnitude < 1_000_000_000 { return "\(whole)" }
    guard isFinite else { return "\(self)" }
    var (digits, power, exponent) = (magnitude, 1.0, 0)
    let isLarge = digits >= 10_000
    while digits >= 10_000 { (digits, power, exponent) = (digits / 10, power * 10, exponent + 1) }
    while digits < 1_000 { (digits, power, exponent) = (digits * 10, power * 10, exponent - 1) }
    let rounded = Int(digits.rounded()) * (self < 0 ? -1 : 1)
    // Powers of ten are exact up to 1e22, so that one division or product rounds to the shortest text.
    guard power < (isLarge ? 1e6 : 1e12) else { return "\(Double(rounded) / 1000)e\(exponent + 3)" }
    let value = isLarge ? Double(rounded) * power : Double(rounded) / power
    return Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
