internal import TrainingKit

/// Takes one line of a log apart.
protocol RowParser: Sendable {
  /// What a log that has come to its end without a step should have had, and what it has instead.
  func lack(lines: Int) -> (expected: String, got: String)
  /// The steps of a line, which is not blank.
  mutating func steps(of line: ArraySlice<UInt8>, number: Int) throws(DataError) -> [StepRecord]
}

/// Cuts a log into lines.
struct LineParser<Row: RowParser>: LogParser {
  private var row: Row
  private let file: String
  private var open: [UInt8] = []
  private var number = 0
  private var isEmpty = true

  init(_ row: Row, file: String) { (self.row, self.file) = (row, file) }

  mutating func read(_ bytes: [UInt8], _ body: (StepRecord) -> Void) throws(DataError) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      open += rest[..<end]
      rest = rest[rest.index(after: end)...]
      try endLine(body)
    }
    open += rest
    guard open.count <= LogReader.longestPiece else {
      throw DataError(
        file, at: .line(number + 1), expected: "a line of at most 256 MiB", got: "a longer one")
    }
  }

  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) {
    if !open.isEmpty { try endLine(body) }
    if isEmpty {
      let lack = row.lack(lines: number)
      throw DataError(file, expected: lack.expected, got: lack.got)
    }
  }

  private mutating func endLine(_ body: (StepRecord) -> Void) throws(DataError) {
    number += 1
    defer { open.removeAll(keepingCapacity: true) }
    // A line that is written over on a terminal is many, and the last one counts.
    let last = open.split(separator: UInt8(ascii: "\r")).last(where: { !$0.trimmed.isEmpty })
    guard let line = last?.trimmed else { return }
    for step in try row.steps(of: line, number: number) where !step.isEmpty {
      isEmpty = false
      body(step)
    }
  }
}
