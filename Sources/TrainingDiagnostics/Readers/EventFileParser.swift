internal import TrainingKit

/// TensorBoard's event files: records with checks, each a message with scalars of a step.
///
/// - Source: tensorflow/core/lib/io/record_writer.cc and tensorflow/core/util/event.proto.
struct EventFileParser: LogParser {
  private let file: String
  private var bytes: [UInt8] = []
  // The place in the file of the first byte that is left.
  private var offset = 0
  private var scalars = EventScalars()
  private var isEmpty = true

  init(_ file: String) { self.file = file }

  /// Whether twelve bytes are a length and its check.
  static func isHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
    CRC32C.masked(of: bytes.prefix(8)) == UInt32(littleEndian: bytes.dropFirst(8))
  }

  mutating func read(_ bytes: [UInt8], _ body: (StepRecord) -> Void) throws(DataError) {
    self.bytes += bytes
    var place = 0
    defer {
      self.bytes.removeFirst(place)
      offset += place
    }
    while let length = try recordLength(at: place), place + length + 16 <= self.bytes.count {
      let data = self.bytes[(place + 12)..<(place + 12 + length)]
      let check = UInt32(littleEndian: self.bytes[(place + 12 + length)...])
      guard CRC32C.masked(of: data) == check else {
        throw problem(at: place + 12, "\(length) bytes that match their check", "others")
      }
      guard let steps = scalars.steps(of: data) else {
        throw problem(at: place + 12, "an event", "other bytes")
      }
      steps.forEach(body)
      isEmpty = isEmpty && steps.isEmpty
      place += length + 16
    }
  }

  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) {
    if let step = scalars.finish() {
      isEmpty = false
      body(step)
    }
    guard bytes.isEmpty else {
      throw problem(at: 0, "a whole record", "\(bytes.count) bytes and the end of the file")
    }
    guard isEmpty else { return }
    let seen = scalars.names.seen
    if seen.isEmpty { throw DataError(file, expected: "scalars such as loss", got: "none") }
    throw DataError(
      file, expected: ColumnNames.expected, got: "the scalars \(ColumnNames.listed(seen))")
  }

  /// The length of the record at a place; nil until its header is there.
  private func recordLength(at place: Int) throws(DataError) -> Int? {
    guard place + 12 <= bytes.count else { return nil }
    let header = bytes[place..<(place + 12)]
    let length = UInt64(littleEndian: header)
    guard EventFileParser.isHeader(header) else {
      throw problem(at: place, "a length that matches its check", "other bytes")
    }
    guard length <= UInt64(LogReader.longestPiece) else {
      throw problem(at: place, "a record of at most 256 MiB", "\(length) bytes")
    }
    return Int(length)
  }

  private func problem(at place: Int, _ expected: String, _ got: String) -> DataError {
    DataError(file, at: .byte(offset + place), expected: expected, got: got)
  }
}

extension FixedWidthInteger {
  /// The integer of the first bytes, the least significant first; missing bytes are zero.
  init(littleEndian bytes: some Collection<UInt8>) {
    self = bytes.prefix(Self.bitWidth / 8).reversed().reduce(0) {
      $0 << 8 | Self(truncatingIfNeeded: $1)
    }
  }
}
