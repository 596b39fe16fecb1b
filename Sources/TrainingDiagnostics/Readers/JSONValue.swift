/// A value of JSON, with Python's tokens for what is not finite.
enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([Element])
  case object([Member])

  /// A value of an array, and the byte it begins at.
  struct Element: Sendable, Hashable {
    let value: JSONValue
    let place: Int
  }

  /// A value of an object by its name, and the byte it begins at.
  struct Member: Sendable, Hashable {
    let name: String
    let value: JSONValue
    let place: Int
  }
}

extension JSONValue: CustomStringConvertible {
  /// What kind of value it is, for messages.
  var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let text): Array(text.utf8).excerpt
    case .array: "an array"
    case .object: "an object"
    }
  }
}
