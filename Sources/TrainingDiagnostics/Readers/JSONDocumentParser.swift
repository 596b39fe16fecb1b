internal import TrainingKit

/// A JSON document, which says nothing before its end.
struct JSONDocumentParser: LogParser {
  private let file: String
  private var bytes: [UInt8] = []

  init(_ file: String) { self.file = file }

  mutating func read(
    _ bytes: some Collection<UInt8>, _ body: (StepRecord) -> Void
  ) throws(DataError) {
    self.bytes += bytes
  }

  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) {
    let value: JSONValue
    do {
      value = try JSONScanner.value(of: bytes[...])
    } catch {
      let line = bytes[..<error.place].count { $0 == UInt8(ascii: "\n") } + 1
      let rest = bytes[error.place...]
      throw DataError(
        file, at: .line(line), expected: error.expected,
        got: rest.isEmpty ? "the end of the file" : rest.excerpt)
    }
    var rows = JSONRows()
    do throws(JSONRows.Problem) {
      let steps = try rows.steps(of: value)
      if steps.isEmpty { throw JSONRows.Problem(expected: "rows with a loss", got: "none") }
      steps.forEach(body)
    } catch {
      throw DataError(file, expected: error.expected, got: error.got)
    }
  }
}
