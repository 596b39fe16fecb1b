/// Reads JSON, of which a log's lines are made.
///
/// - Source: RFC 8259, and `NaN`, `Infinity` and `-Infinity` as Python's json module writes them.
struct JSONScanner {
  /// What is wrong where.
  struct Problem: Error {
    let place: Int
    let expected: String
  }

  private let bytes: ArraySlice<UInt8>
  private var place: Int
  private var depth = 0

  private init(_ bytes: ArraySlice<UInt8>) { (self.bytes, place) = (bytes, bytes.startIndex) }

  /// The one value that the bytes stand for.
  static func value(of bytes: ArraySlice<UInt8>) throws(Problem) -> JSONValue {
    var scanner = JSONScanner(bytes)
    let value = try scanner.value()
    scanner.skipBlanks()
    guard scanner.place == bytes.endIndex else { throw scanner.problem("the end") }
    return value
  }

  private func problem(_ expected: String) -> Problem { Problem(place: place, expected: expected) }

  private var next: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      place += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func element() throws(Problem) -> JSONValue.Element {
    skipBlanks()
    let start = place
    return JSONValue.Element(value: try value(), place: start)
  }

  private mutating func value() throws(Problem) -> JSONValue {
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return try nested { (scanner) throws(Problem) in try scanner.object() }
    case UInt8(ascii: "["): return try nested { (scanner) throws(Problem) in try scanner.array() }
    case UInt8(ascii: "\""): return .string(try string())
    default: return try word()
    }
  }

  private mutating func nested(
    _ body: (inout JSONScanner) throws(Problem) -> JSONValue
  ) throws(Problem) -> JSONValue {
    // A limit, as depth is paid for with the stack.
    guard depth < 64 else { throw problem("at most 64 levels") }
    depth += 1
    defer { depth -= 1 }
    place += 1
    return try body(&self)
  }

  private mutating func object() throws(Problem) -> JSONValue {
    var members: [JSONValue.Member] = []
    if take("}") { return .object(members) }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes") }
      let name = try string()
      guard take(":") else { throw problem("a colon") }
      let element = try element()
      members.append(JSONValue.Member(name: name, value: element.value, place: element.place))
    } while take(",")
    guard take("}") else { throw problem("a comma or a closing brace") }
    return .object(members)
  }

  private mutating func array() throws(Problem) -> JSONValue {
    var elements: [JSONValue.Element] = []
    if take("]") { return .array(elements) }
    repeat { elements.append(try element()) } while take(",")
    guard take("]") else { throw problem("a comma or a closing bracket") }
    return .array(elements)
  }

  private mutating func word() throws(Problem) -> JSONValue {
    let start = place
    while let byte = next, byte.isPartOfNumber || byte.isLetter { place += 1 }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      if let number = Double(reported: bytes[start..<place]) { return .number(number) }
      place = start
      throw problem("a value")
    }
  }
}

extension JSONScanner {
  /// Reads a string from its opening quote on.
  private mutating func string() throws(Problem) -> String {
    let start = place
    place += 1
    var text: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw problem("a closing quote") }
      place += 1
      if byte == UInt8(ascii: "\\") { text += try escaped() } else { text.append(byte) }
    }
    guard next != nil else {
      place = start
      throw problem("a closing quote")
    }
    place += 1
    return String(decoding: text, as: UTF8.self)
  }

  private mutating func escaped() throws(Problem) -> [UInt8] {
    guard let byte = next else { throw problem("an escaped character") }
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "u"): return try unicode()
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    default: throw problem("an escaped character")
    }
  }

  private mutating func unicode() throws(Problem) -> [UInt8] {
    let digits = bytes[place..<min(place + 4, bytes.endIndex)]
    // A sign would be taken for a part of the number.
    guard digits.count == 4, digits.allSatisfy({ $0.isDigit || $0.isLetter }),
      let code = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("four hexadecimal digits") }
    place += 4
    // A half of a pair has no meaning alone, and names of columns need none.
    return Array(String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
  }
}

extension UInt8 {
  /// Whether a number may have this byte: a digit, a sign or a point.
  var isPartOfNumber: Bool {
    isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
  }

  /// Whether it is a digit.
  var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

  /// Whether it is a letter of ASCII.
  var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
}

extension Double {
  /// The number that a program printed: decimal, or one of the words for what is not finite.
  init?(reported bytes: some Collection<UInt8>) {
    guard let first = bytes.first, bytes.count <= 400 else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let letters = text.lowercased().filter { $0 != "+" && $0 != "-" }
    if ["nan", "inf", "infinity"].contains(letters) {
      guard let value = Double(text) else { return nil }
      self = value
      return
    }
    guard first.isPartOfNumber,
      bytes.allSatisfy({ $0.isPartOfNumber || $0 | 0x20 == UInt8(ascii: "e") }),
      let value = Double(text)
    else { return nil }
    self = value
  }
}
