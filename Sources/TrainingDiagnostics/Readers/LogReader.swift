public import TrainingKit

/// Reads the log of a run in any of the known formats, as it grows. The format shows in what is read.
///
///     var reader = LogReader(file: "train.jsonl")
///     try reader.read(bytes) { step in doctor.observe(step) }
///     try reader.finish { step in doctor.observe(step) }
///
/// What is not known costs evidence, no error: columns may be missing, and there may be others.
public struct LogReader: Sendable {
  /// The most that is held at once of a log that is not read line by line, and of one line: what has no end, such as
  /// a device, ends here.
  ///
  /// - Units: bytes.
  static let longestPiece = 1 << 28

  /// The name for messages.
  public let file: String
  /// The format, once it has shown.
  public private(set) var format: LogFormat?
  private var parser: (any LogParser)?
  private var pending: [UInt8] = []
  private var isBegun = false
  // Where the first line begins that may tell the format, and up to where its end was looked for.
  private var (lineStart, scanned) = (0, 0)

  /// Creates a reader of a log.
  public init(file: String) { self.file = file }

  /// Reads the next bytes, and hands on every step that is complete with them.
  ///
  /// - Errors: ``DataError``, behind the steps that were before it. The reader is done then.
  public mutating func read(
    _ bytes: some Collection<UInt8>, _ body: (StepRecord) -> Void
  ) throws(DataError) {
    if parser != nil { return try parser!.read(Array(bytes), body) }
    pending += bytes
    try choose(isComplete: false)
    guard parser != nil else {
      if pending.count <= LogReader.longestPiece { return }
      throw DataError(
        file, expected: "a log that begins within 256 MiB", got: "a longer first line")
    }
    let start = pending
    pending = []
    try parser!.read(start, body)
  }

  /// Hands on what the end of the log completes.
  ///
  /// - Errors: ``DataError`` for a log that ends in the middle, or has no numbers that are known.
  public mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) {
    if parser == nil {
      try choose(isComplete: true)
      guard parser != nil else { throw DataError(file, expected: "a log", got: "an empty file") }
      let start = pending
      pending = []
      try parser!.read(start, body)
    }
    try parser!.finish(body)
  }

  /// Chooses the parser once enough was read to tell the format.
  private mutating func choose(isComplete: Bool) throws(DataError) {
    if !isBegun {
      // As much as may tell another thing than text, so that pieces of any size lead to the same.
      guard pending.count >= 15 || isComplete else { return }
      isBegun = true
      if pending.starts(with: [0x1F, 0x8B]) {
        throw DataError(file, expected: "text or an event file", got: "gzip; unpack it first")
      }
      if pending.starts(with: [0xEF, 0xBB, 0xBF]) { pending.removeFirst(3) }
      if pending.prefix(12).contains(0) { return try chooseEvents() }
    }
    guard let line = firstLine(isComplete: isComplete) else { return }
    let format = LogFormat.recognised(by: line)
    self.format = format
    switch format {
    case .jsonLines: parser = LineParser(JSONLineParser(file), file: file)
    case .table: parser = LineParser(TableParser(file), file: file)
    case .jsonDocument: parser = JSONDocumentParser(file)
    case .text, .events: parser = LineParser(TextParser(), file: file)
    }
  }

  private mutating func chooseEvents() throws(DataError) {
    guard pending.count >= 12, EventFileParser.isHeader(pending[..<12]) else {
      throw DataError(file, at: .byte(0), expected: "text or an event file", got: "other bytes")
    }
    (format, parser) = (.events, EventFileParser(file))
  }

  /// The first line that is not blank, without the blanks around it.
  private mutating func firstLine(isComplete: Bool) -> ArraySlice<UInt8>? {
    while let end = pending[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = pending[lineStart..<end].trimmed
      if !line.isEmpty { return line }
      (lineStart, scanned) = (end + 1, end + 1)
    }
    scanned = pending.count
    guard isComplete else { return nil }
    let rest = pending[lineStart...].trimmed
    return rest.isEmpty ? nil : rest
  }
}

/// Takes a log of one format apart.
protocol LogParser: Sendable {
  /// Takes the next bytes.
  mutating func read(_ bytes: [UInt8], _ body: (StepRecord) -> Void) throws(DataError)
  /// Takes the end.
  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError)
}

extension ArraySlice<UInt8> {
  /// The bytes without blanks at both ends.
  var trimmed: ArraySlice<UInt8> {
    var rest = self
    while let byte = rest.first, byte == 0x20 || (9...13).contains(byte) { rest.removeFirst() }
    while let byte = rest.last, byte == 0x20 || (9...13).contains(byte) { rest.removeLast() }
    return rest
  }
}
