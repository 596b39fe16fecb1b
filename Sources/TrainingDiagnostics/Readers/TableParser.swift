internal import TrainingKit

/// Rows of fields below a row of names.
///
/// - Source: RFC 4180 without line breaks in fields, and tabs and semicolons.
struct TableParser: RowParser {
  private let file: String
  private var header: [String] = []
  private var columns: [Column?] = []
  private var delimiter = UInt8(ascii: ",")
  private var numbers = RowNumbers()
  private var hasRows = false

  init(_ file: String) { self.file = file }

  /// Whether a first line is a row of names, at least one of them known, or of numbers without names.
  static func looksLikeTable(_ line: ArraySlice<UInt8>) -> Bool {
    let fields = self.fields(of: line, by: delimiter(of: line))
    if fields.contains(where: { $0.contains { $0 == ":" || $0 == "=" } }) { return false }
    let areNumbers = fields.map { Double(reported: Array($0.utf8)) != nil }
    if areNumbers.allSatisfy({ $0 }) { return fields.count > 1 }
    var names = ColumnNames()
    return !areNumbers.contains(true) && fields.contains { names.column($0) != nil }
  }

  func lack(lines: Int) -> (expected: String, got: String) {
    let found = ColumnNames.listed(header)
    return hasRows
      ? (ColumnNames.expected, "the columns \(found)")
      : ("rows of numbers below the names of columns", "none below \(found)")
  }

  mutating func steps(of line: ArraySlice<UInt8>, number: Int) throws(DataError) -> [StepRecord] {
    if header.isEmpty {
      try readHeader(line, number: number)
      return []
    }
    let fields = TableParser.fields(of: line, by: delimiter)
    // A run that was resumed may have written its header again.
    if fields == header { return [] }
    guard fields.count == header.count else {
      throw DataError(
        file, at: .line(number), expected: "\(header.count) columns", got: "\(fields.count)")
    }
    hasRows = true
    var values: [(Column, Double)] = []
    for (place, field) in fields.enumerated() {
      guard let column = columns[place], !TableParser.isMissing(field) else { continue }
      values.append((column, try self.number(field, in: header[place], line: number)))
    }
    return numbers.record(values).map { [$0] } ?? []
  }

  /// The names in a first line that has some, none of which has to be known.
  static func names(in line: ArraySlice<UInt8>) -> [String]? {
    let names = fields(of: line, by: delimiter(of: line))
    let areWords = names.allSatisfy {
      !$0.isEmpty && Double(reported: Array($0.utf8)) == nil && $0.split(separator: " ").count <= 3
    }
    return names.count > 1 && areWords ? names : nil
  }

  /// Whether a line is a row of so many numbers.
  static func isRow(_ line: ArraySlice<UInt8>, of count: Int) -> Bool {
    let fields = fields(of: line, by: delimiter(of: line))
    return fields.count == count && fields.contains { Double(reported: Array($0.utf8)) != nil }
  }

  private mutating func readHeader(_ line: ArraySlice<UInt8>, number: Int) throws(DataError) {
    delimiter = TableParser.delimiter(of: line)
    header = TableParser.fields(of: line, by: delimiter)
    var names = ColumnNames()
    columns = names.columns(header)
    guard columns.contains(where: { $0 != nil }) else {
      throw DataError(
        file, at: .line(number), expected: "names of columns in the first line", got: line.excerpt)
    }
  }

  private func number(_ field: String, in name: String, line: Int) throws(DataError) -> Double {
    if let value = Double(reported: Array(field.utf8)) { return value }
    if let value = ["true": 1.0, "false": 0][field.lowercased()] { return value }
    throw DataError(
      file, at: .line(line), expected: "a number in column \(name.utf8.unquotedExcerpt)",
      got: Array(field.utf8).excerpt)
  }

  private static func isMissing(_ field: String) -> Bool {
    ["", "-", "na", "n/a", "none", "null"].contains(field.lowercased())
  }

  /// The separator that the line has most of.
  private static func delimiter(of line: ArraySlice<UInt8>) -> UInt8 {
    let candidates: [Unicode.Scalar] = [",", "\t", ";"]
    func count(_ candidate: Unicode.Scalar) -> Int { line.count { $0 == UInt8(ascii: candidate) } }
    return UInt8(ascii: candidates.max { count($0) < count($1) }!)
  }

  /// The fields without their quotes and the blanks around them.
  private static func fields(of line: ArraySlice<UInt8>, by delimiter: UInt8) -> [String] {
    let quote = UInt8(ascii: "\"")
    var (fields, field, isQuoted) = ([String](), [UInt8](), false)
    func close() { fields.append(String(decoding: field[...].trimmed, as: UTF8.self)) }
    for byte in line {
      if byte == quote {
        isQuoted.toggle()
      } else if byte == delimiter, !isQuoted {
        close()
        field = []
      } else {
        field.append(byte)
      }
    }
    close()
    return fields
  }
}
