#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

internal import TrainingKit

/// The entry of libFuzzer: one log of its making, to the reader that the environment names. The readers' own sources
/// are compiled together with this file, so that each can be called without the others.
///
/// A reader may refuse a log with one clear line, and hand on the steps before it; it may not trap, and what it makes
/// of a log may not depend on the pieces in which the log came.
@_cdecl("LLVMFuzzerTestOneInput")
public func readFuzzedLog(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  check(bytes)
  // Random bytes never match their checks; with the right ones the fuzzer gets to what is inside.
  if reader == .events { check(withChecks(bytes)) }
  return 0
}

/// The readers, by the names of their folders of seeds.
enum FuzzedReader: String {
  case any = "Any"
  case jsonLines = "JSONLines"
  case jsonDocument = "JSONDocument"
  case table = "Table"
  case events = "Events"
  case text = "Text"

  var parser: any LogParser {
    switch self {
    case .any: WholeReader()
    case .jsonLines: LineParser(JSONLineParser("log"), file: "log")
    case .jsonDocument: JSONDocumentParser("log")
    case .table: LineParser(TableParser("log"), file: "log")
    case .events: EventFileParser("log")
    case .text: LineParser(TextParser(), file: "log")
    }
  }
}

/// The reader of any log, which finds out the format.
struct WholeReader: LogParser {
  private var reader = LogReader(file: "log")

  mutating func read(_ bytes: some Collection<UInt8>, _ body: (StepRecord) -> Void)
    throws(DataError)
  {
    try reader.read(bytes, body)
  }

  mutating func finish(_ body: (StepRecord) -> Void) throws(DataError) { try reader.finish(body) }
}

private let reader: FuzzedReader = {
  let name = getenv("FUZZED_READER").map { String(cString: $0) } ?? "none"
  guard let reader = FuzzedReader(rawValue: name) else {
    fatalError("FUZZED_READER: expected the name of a reader, got \(name)")
  }
  return reader
}()

/// What a reader makes of a log.
private struct Reading: Equatable {
  var steps: [[UInt64?]] = []
  var problem: String?

  init(_ bytes: [UInt8], pieces size: Int) {
    var parser = reader.parser
    do throws(DataError) {
      for start in stride(from: 0, to: bytes.count, by: size) {
        try parser.read(Array(bytes[start..<min(start + size, bytes.count)])) { add($0) }
      }
      try parser.finish { add($0) }
    } catch {
      problem = error.description
      require(!problem!.contains { $0.isNewline || !$0.isPrintable }, "a message on one line", self)
      require(problem!.hasPrefix("log") && problem!.count < 300, "a short message", self)
    }
  }

  /// Bits, as what is no number equals itself then.
  private mutating func add(_ step: StepRecord) {
    require(!step.isEmpty, "a step with something in it", self)
    steps.append(
      [UInt64(bitPattern: Int64(step.step)), step.skip.map { _ in 1 }]
        + Quantity.allCases.map { step[$0]?.bitPattern })
  }
}

private func check(_ bytes: [UInt8]) {
  let whole = Reading(bytes, pieces: max(bytes.count, 1))
  let parts = Reading(bytes, pieces: 7)
  require(whole == parts, "the same in pieces", (whole, parts))
}

private func require(_ condition: Bool, _ what: String, _ got: @autoclosure () -> Any) {
  if !condition { fatalError("expected \(what), got \(got())") }
}

/// The bytes as records of an event file: where a length would be, one that fits, with its check, and the data's.
private func withChecks(_ bytes: [UInt8]) -> [UInt8] {
  func check(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    withUnsafeBytes(of: CRC32C.masked(of: bytes).littleEndian) { Array($0) }
  }
  var (file, rest) = ([UInt8](), bytes[...])
  while rest.count > 16 {
    let wanted = Int(UInt64(littleEndian: rest) % 512)
    let data = rest.dropFirst(12).prefix(wanted).prefix(rest.count - 16)
    let length = withUnsafeBytes(of: UInt64(data.count).littleEndian) { Array($0) }
    file += length + check(length[...]) + data + check(data)
    rest = rest.dropFirst(16 + data.count)
  }
  return file + rest
}

extension Character {
  /// Whether it may stand in a message: nothing that steers a terminal.
  fileprivate var isPrintable: Bool {
    !unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
