/// Lines of text with numbers behind their names, as most training programs print them.
///
///     step=120 loss=2.13 lr=1e-4
///     iter 120: loss 2.1300, time 310.22ms
///     iteration 100/ 500 | lm loss: 1.08E+01 | loss scale: 4096.0 | grad norm: 4.2 |
///
/// Lines without such numbers are passed over.
struct TextParser: RowParser {
  private var names = ColumnNames()
  private var numbers = RowNumbers()
  private var firstLine: [String]?
  private var (isFirst, isTable) = (true, false)

  func lack(lines: Int) -> (expected: String, got: String) {
    if let firstLine, isTable {
      return (ColumnNames.expected, "the columns \(ColumnNames.listed(firstLine))")
    }
    return (
      "numbers behind names, such as loss=2.13", "none in \(lines) line\(lines == 1 ? "" : "s")"
    )
  }

  mutating func steps(of line: ArraySlice<UInt8>, number: Int) -> [StepRecord] {
    note(line)
    var values: [(Column, Double)] = []
    var place = line.startIndex
    var gap = place
    while let token = TextParser.nextNumber(in: line, from: place) {
      if let column = column(before: token.range.lowerBound, from: gap, in: line) {
        values.append((column, token.value))
      }
      (place, gap) = (token.range.upperBound, token.range.upperBound)
    }
    return self.numbers.record(values).map { [$0] } ?? []
  }

  /// Whether it looks like a table whose names nobody here knows.
  private mutating func note(_ line: ArraySlice<UInt8>) {
    if isFirst {
      firstLine = TableParser.names(in: line)
      isFirst = false
    } else if let firstLine, !isTable {
      isTable = TableParser.isRow(line, of: firstLine.count)
      if !isTable { self.firstLine = nil }
    }
  }

  /// The next number that stands alone, not within a word; a unit may follow it.
  private static func nextNumber(
    in line: ArraySlice<UInt8>, from start: Int
  ) -> (range: Range<Int>, value: Double)? {
    var place = start
    while place < line.endIndex {
      let isInWord = place > line.startIndex && line[place - 1].isPartOfWord
      guard !isInWord, line[place].isPartOfWord || line[place].isPartOfNumber else {
        place += 1
        continue
      }
      var end = place
      while end < line.endIndex, line[end].isPartOfNumber || line[end].isPartOfWord { end += 1 }
      if let value = Double(reported: line[place..<end]) { return (place..<end, value) }
      // 310.22ms: the digits count, so that the text behind begins anew.
      let digits = line[place..<end].prefix { $0.isPartOfNumber }
      if digits.contains(where: \.isDigit), let value = Double(reported: digits) {
        return (place..<end, value)
      }
      place = end
    }
    return nil
  }

  /// The column that the words right before a number name; the longest name wins.
  private mutating func column(
    before end: Int, from start: Int, in line: ArraySlice<UInt8>
  ) -> Column? {
    var text = line[start..<end]
    while let byte = text.last, byte.separatesNameFromValue { text.removeLast() }
    var words: [ArraySlice<UInt8>] = []
    while words.count < 3, let last = text.last, last.isPartOfWord || last == UInt8(ascii: "/") {
      let length = text.reversed().prefix { $0.isPartOfWord || $0 == UInt8(ascii: "/") }.count
      words.insert(text.suffix(length), at: 0)
      text = text.dropLast(length)
      while let byte = text.last, byte == 0x20 || byte == UInt8(ascii: "-") { text.removeLast() }
    }
    while !words.isEmpty {
      let name = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "_")
      if let column = names.column(name) { return column }
      words.removeFirst()
    }
    return nil
  }
}

extension UInt8 {
  /// Whether names have this byte.
  fileprivate var isPartOfWord: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }

  /// Whether it may stand between a name and its number.
  fileprivate var separatesNameFromValue: Bool {
    [" ", "\t", "=", ":", "'", "\"", "["].contains(Character(Unicode.Scalar(self)))
  }
}
