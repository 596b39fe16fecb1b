/// What tells a batch from others.
///
/// As JSON it is a list of numbers, or a text.
public enum BatchIdentity: Sendable, Hashable {
  /// The places of its examples in the whole data set, in the order of the batch.
  case examples([Int])
  /// What the caller calls it, such as the name of a file.
  case name(String)

  /// The places of its examples; empty where only its name is known.
  public var examples: [Int] { if case .examples(let places) = self { places } else { [] } }
}

extension BatchIdentity: Codable {
  /// Writes places, or the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .examples(let places): try container.encode(places)
    case .name(let name): try container.encode(name)
    }
  }

  /// Reads places, or a name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    self =
      if let name = try? container.decode(String.self) {
        .name(name)
      } else {
        .examples(try container.decode([Int].self))
      }
  }
}
