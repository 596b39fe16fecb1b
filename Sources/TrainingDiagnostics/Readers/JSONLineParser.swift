internal import TrainingKit

/// One JSON object a line.
struct JSONLineParser: RowParser {
  private let file: String
  private var rows = JSONRows()

  init(_ file: String) { self.file = file }

  func lack(lines: Int) -> (expected: String, got: String) { rows.lack }

  mutating func steps(of line: ArraySlice<UInt8>, number: Int) throws(DataError) -> [StepRecord] {
    let value: JSONValue
    do {
      value = try JSONScanner.value(of: line)
    } catch {
      let rest = line[error.place...]
      throw DataError(
        file, at: .line(number), expected: error.expected,
        got: rest.isEmpty ? "the end of the line" : rest.excerpt)
    }
    do {
      return try rows.steps(of: value, at: line.startIndex)
    } catch {
      throw DataError(file, at: .line(number), expected: error.expected, got: error.got)
    }
  }
}
