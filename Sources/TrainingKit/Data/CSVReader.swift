/// Makes numbers of the rows of a table.
struct CSVReader {
  private let file: String
  private let format: CSVFormat
  private var scanner: CSVScanner
  private var fields: [CSVScanner.Field] = []
  private var names: [String] = []
  private var columnCount = 0
  private var labelColumn = 0

  private(set) var features: [Float] = []
  private(set) var labels: CSVLabels

  init(_ bytes: [UInt8], name: String, _ format: CSVFormat) {
    (file, self.format) = (name, format)
    scanner = CSVScanner(bytes, file: name, delimiter: format.delimiter)
    labels = CSVLabels(format)
  }

  var featureCount: Int { columnCount - 1 }

  var featureNames: [String] {
    names.indices.filter { $0 != labelColumn }.map { names[$0] }
  }

  mutating func readRows() throws(DataError) {
    let noRows = DataError(file, expected: "rows of numbers", got: "none")
    guard try scanner.nextRow(into: &fields) else { throw noRows }
    if try !readHeader() { try readRow() }
    while try scanner.nextRow(into: &fields) { try readRow() }
    guard labels.count > 0 else { throw noRows }
  }

  /// Finds out from the first row which columns there are; false when it is a row like the others.
  private mutating func readHeader() throws(DataError) -> Bool {
    columnCount = fields.count
    guard columnCount > 1 else { throw wrong("features and a label", got: "one column") }
    let hasNumber = fields.contains { DecimalNumber.float(scanner.bytes, $0.range) != nil }
    if format.hasHeader ?? !hasNumber { names = fields.map(scanner.text) }
    switch format.label {
    case .last: labelColumn = columnCount - 1
    case .named(let name):
      guard let column = names.firstIndex(of: name) else {
        let got = names.isEmpty ? "no names" : names.joined(separator: ", ")
        throw wrong("a column \"\(name)\"", got: got)
      }
      labelColumn = column
    }
    return !names.isEmpty
  }

  private mutating func readRow() throws(DataError) {
    guard fields.count == columnCount else {
      throw wrong("\(columnCount) columns", got: "\(fields.count)")
    }
    let start = features.count
    for column in fields.indices where column != labelColumn {
      let value = DecimalNumber.float(scanner.bytes, fields[column].range)
      if let value, value.isFinite {
        features.append(value)
      } else if let value = try replacement(for: column) {
        features.append(value)
      } else {
        features.removeSubrange(start...)
        return
      }
    }
    if try !readLabel() { features.removeSubrange(start...) }
  }

  /// What stands in for a feature that is not a number; nil when its row is to be left out.
  private func replacement(for column: Int) throws(DataError) -> Float? {
    switch format.missing {
    case .replaced(let value) where isMissing(column): return value
    case .dropped where isMissing(column): return nil
    default:
      let name = names.isEmpty ? "" : " (\(names[column]))"
      throw wrong("a number in column \(column + 1)\(name)", in: column)
    }
  }

  private mutating func readLabel() throws(DataError) -> Bool {
    if isMissing(labelColumn) {
      if format.missing == .dropped { return false }
      throw wrong("a label in column \(labelColumn + 1)", in: labelColumn)
    }
    if let expected = labels.append(fields[labelColumn], of: scanner) {
      throw wrong("\(expected) in column \(labelColumn + 1)", in: labelColumn)
    }
    return true
  }

  private func isMissing(_ column: Int) -> Bool {
    let range = fields[column].range
    guard range.count <= 4 else { return false }
    return ["", "NA", "NaN", "nan", "null", "?"].contains(scanner.text(fields[column]))
  }

  private func wrong(_ expected: String, in column: Int) -> DataError {
    wrong(expected, got: "\"\(scanner.text(fields[column]).prefix(40))\"")
  }

  private func wrong(_ expected: String, got: String) -> DataError {
    DataError(file, at: .line(scanner.line), expected: expected, got: got)
  }
}
