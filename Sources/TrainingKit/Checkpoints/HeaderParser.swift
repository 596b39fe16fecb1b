/// Reads the JSON that begins a safetensors file. Any bytes at all give a header or a mistake.
struct HeaderParser {
  /// What is said of one tensor.
  struct Entry {
    var name: String
    var dtype: String
    var shape: [Int]
    var offsets: [Int]
  }

  /// What was expected at a byte, within the tensor of that name.
  struct Mistake: Error {
    var name: String?
    let expected: String
    let position: Int
  }

  private let bytes: [UInt8]
  private var position = 0
  /// The tensor whose entry is being read.
  private var name: String?
  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [Entry] = []

  init(_ bytes: [UInt8]) throws(Mistake) {
    self.bytes = bytes
    // The format allows no spaces here.
    guard bytes.first == UInt8(ascii: "{") else { throw mistake("a header in braces") }
    try object { parser, key throws(Mistake) in
      if key == "__metadata__" {
        try parser.readMetadata()
      } else {
        try parser.readEntry(of: key)
      }
    }
    guard next == nil else { throw mistake("the end of the header") }
  }

  private mutating func readMetadata() throws(Mistake) {
    try object { parser, key throws(Mistake) in parser.metadata[key] = try parser.string() }
  }

  private mutating func readEntry(of name: String) throws(Mistake) {
    self.name = name
    var dtype: String?
    var shape, offsets: [Int]?
    try object { parser, key throws(Mistake) in
      switch key {
      case "dtype": dtype = try parser.string()
      case "shape": shape = try parser.numbers()
      case "data_offsets": offsets = try parser.numbers()
      default: throw parser.mistake("dtype, shape and data_offsets only")
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw mistake("a dtype, a shape and two data_offsets")
    }
    entries.append(Entry(name: name, dtype: dtype, shape: shape, offsets: offsets))
    self.name = nil
  }
}

extension HeaderParser {
  /// Reads the members of an object, each name once.
  private mutating func object(
    _ member: (inout Self, String) throws(Mistake) -> Void
  ) throws(Mistake) {
    try expect("{")
    if take("}") { return }
    var names: Set<String> = []
    repeat {
      let name = try string()
      guard names.insert(name).inserted else { throw mistake("the name \(name) once") }
      try expect(":")
      try member(&self, name)
    } while take(",")
    try expect("}")
  }

  private mutating func numbers() throws(Mistake) -> [Int] {
    try expect("[")
    if take("]") { return [] }
    var numbers: [Int] = []
    repeat { numbers.append(try number()) } while take(",")
    try expect("]")
    return numbers
  }

  private mutating func number() throws(Mistake) -> Int {
    guard let first = next, first.isDigit else { throw mistake("a whole number of 0 or more") }
    let start = position
    while position < bytes.count, bytes[position].isDigit { position += 1 }
    let digits = bytes[start..<position]
    guard digits.count == 1 || first != UInt8(ascii: "0"),
      let number = Int(String(decoding: digits, as: UTF8.self))
    else { throw mistake("a number of at most 63 bits") }
    return number
  }

  private mutating func string() throws(Mistake) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw mistake("UTF-8") }
        return string
      case UInt8(ascii: "\\"): text += try escape()
      case ..<0x20: throw mistake("no control characters in a string")
      default: text.append(byte)
      }
    }
    throw mistake("the end of a string")
  }

  /// The character behind a backslash.
  private mutating func escape() throws(Mistake) -> [UInt8] {
    guard position < bytes.count else { throw mistake("the end of a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return Array(String(try scalar()).utf8)
    default: throw mistake("an escape that JSON has")
    }
  }

  /// The character of a code in UTF-16, which may be a pair of two.
  private mutating func scalar() throws(Mistake) -> Unicode.Scalar {
    var code = try codeUnit()
    if 0xD800..<0xDC00 ~= code, bytes[position...].starts(with: [0x5C, 0x75]) {
      position += 2
      let low = try codeUnit()
      guard 0xDC00..<0xE000 ~= low else { throw mistake("the second half of a pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw mistake("a character") }
    return scalar
  }

  private mutating func codeUnit() throws(Mistake) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    let isHexadecimal =
      digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    guard isHexadecimal, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else {
      throw mistake("four hexadecimal digits")
    }
    position += 4
    return code
  }

  /// The next byte that is no space; nil at the end.
  private var next: UInt8? {
    mutating get {
      while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
        position += 1
      }
      return position < bytes.count ? bytes[position] : nil
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Mistake) {
    guard take(character) else { throw mistake("\(character)") }
  }

  private func mistake(_ expected: String) -> Mistake {
    Mistake(name: name, expected: expected, position: position)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
