/// A table of numbers: features, then the label in the last column.
struct CSV {
  /// Features, row by row.
  var features: [Float] = []
  var labels: [Int] = []
  var columns = 0

  /// Reads comma-separated rows; a first line without any number is a header and passed over.
  init(_ bytes: [UInt8], name: String) throws(UsageError) {
    var lineNumber = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      lineNumber += 1
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if text.allSatisfy({ $0 == UInt8(ascii: " ") }) { continue }
      if lineNumber == 1, CSV.isHeader(text) { continue }
      try append(text, at: "\(name):\(lineNumber)")
    }
    guard !labels.isEmpty else { throw UsageError("\(name): expected rows of numbers, got none") }
  }

  private static func isHeader(_ line: ArraySlice<UInt8>) -> Bool {
    line.split(separator: UInt8(ascii: ",")).allSatisfy { number($0) == nil }
  }

  private mutating func append(_ line: ArraySlice<UInt8>, at place: String) throws(UsageError) {
    let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    if columns == 0 { columns = cells.count }
    guard cells.count == columns else {
      throw UsageError("\(place): expected \(columns) columns, got \(cells.count)")
    }
    guard columns > 1 else {
      throw UsageError("\(place): expected features and a label, got one column")
    }
    for (position, cell) in cells.enumerated() {
      guard let value = CSV.number(cell), value.isFinite else {
        let text = String(decoding: cell, as: UTF8.self)
        throw UsageError("\(place): expected a number in column \(position + 1), got \"\(text)\"")
      }
      if position < columns - 1 { features.append(Float(value)) }
      if position == columns - 1 { labels.append(try CSV.label(value, at: place)) }
    }
  }

  private static func label(_ value: Double, at place: String) throws(UsageError) -> Int {
    guard value >= 0, value < 10_000, value == value.rounded() else {
      throw UsageError("\(place): expected a label of 0 to 9999 in the last column, got \(value)")
    }
    return Int(value)
  }

  private static func number(_ cell: ArraySlice<UInt8>) -> Double? {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let digits = cell.drop(while: isSpace)
    return Double(
      String(
        decoding: digits[
          ..<(digits.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? digits.startIndex)], as: UTF8.self
      ))
  }
}
