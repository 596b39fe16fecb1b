internal import TrainingKit

/// A JSON document, which says nothing before its end.
struct JSONDocumentParser: LogParser {
  private let file: String
  private var bytes: [UInt8] = []

  init(_ file: String) { self.file = file }

  mutating func read(_ bytes: [UInt8], _ body: (StepRecord) -> Void) throws(DataError) {
    self.bytes += bytes
    guard self.bytes.count <= LogReader.longestPiece else {
      throw DataError(file, expected: "a document of at most 256 MiB", got: "a larger one")
    }
  }

  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) {
    let value: JSONValue
    do {
      value = try JSONScanner.value(of: bytes[...])
    } catch {
      let rest = bytes[error.place...]
      throw DataError(
        file, at: line(of: error.place), expected: error.expected,
        got: rest.isEmpty ? "the end of the file" : rest.excerpt)
    }
    var rows = JSONRows()
    let steps: [StepRecord]
    do {
      steps = try rows.steps(of: value, at: 0)
    } catch {
      throw DataError(
        file, at: line(of: error.place), expected: error.expected, got: error.got)
    }
    if steps.isEmpty { throw DataError(file, expected: rows.lack.expected, got: rows.lack.got) }
    steps.forEach(body)
  }

  private func line(of place: Int) -> DataError.Place {
    .line(bytes[..<place].count { $0 == UInt8(ascii: "\n") } + 1)
  }
}
