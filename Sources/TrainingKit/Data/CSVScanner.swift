/// Takes a table in text apart into rows of fields.
///
/// - Source: RFC 4180, and any delimiter; blank lines are passed over.
struct CSVScanner {
  /// A field without its quotes and the blanks around it.
  struct Field {
    var range: Range<Int>
    var isQuoted = false
  }

  let bytes: [UInt8]
  private let file: String
  private let delimiter: UInt8
  private var position = 0
  private var linesBefore = 0
  /// The line on which the last row began.
  private(set) var line = 0

  init(_ bytes: [UInt8], file: String, delimiter: UInt8) {
    (self.bytes, self.file, self.delimiter) = (bytes, file, delimiter)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Reads the next row into `fields`; false at the end.
  mutating func nextRow(into fields: inout [Field]) throws(DataError) -> Bool {
    repeat {
      guard position < bytes.count else { return false }
      fields.removeAll(keepingCapacity: true)
      line = linesBefore + 1
      try fields.append(nextField())
      while position < bytes.count, bytes[position] == delimiter {
        position += 1
        try fields.append(nextField())
      }
      position += 1
      linesBefore += 1
    } while fields.count == 1 && fields[0].range.isEmpty && !fields[0].isQuoted
    return true
  }

  func text(_ field: Field) -> String {
    let text = String(decoding: bytes[field.range], as: UTF8.self)
    guard field.isQuoted else { return text }
    return text.split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"")
  }

  /// Reads up to a delimiter or the end of the line.
  private mutating func nextField() throws(DataError) -> Field {
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return try quotedField() }
    let start = position
    skipToEnd()
    return Field(range: trimmed(start..<position))
  }

  private mutating func skipToEnd() {
    var place = position
    while place < bytes.count, bytes[place] != delimiter, bytes[place] != UInt8(ascii: "\n") {
      place += 1
    }
    position = place
  }

  private mutating func quotedField() throws(DataError) -> Field {
    let (quote, opened) = (UInt8(ascii: "\""), linesBefore + 1)
    let start = position + 1
    var end = start
    while end < bytes.count {
      if bytes[end] == quote {
        guard end + 1 < bytes.count, bytes[end + 1] == quote else { break }
        end += 1
      }
      if bytes[end] == UInt8(ascii: "\n") { linesBefore += 1 }
      end += 1
    }
    guard end < bytes.count else {
      throw DataError(
        file, at: .line(opened), expected: "a closing quote", got: "the end of the file")
    }
    position = end + 1
    skipToEnd()
    let rest = trimmed((end + 1)..<position)
    guard rest.isEmpty else {
      let got = String(decoding: bytes[rest].prefix(20), as: UTF8.self)
      throw DataError(
        file, at: .line(linesBefore + 1), expected: "a delimiter after a closing quote",
        got: "\"\(got)\"")
    }
    return Field(range: start..<end, isQuoted: true)
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, CSVScanner.isBlank(bytes[start]) { start += 1 }
    while start < end, CSVScanner.isBlank(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }
}
