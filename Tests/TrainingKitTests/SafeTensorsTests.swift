import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Files beside Python's `safetensors`, and files that no library should read.
final class SafeTensorsTests: XCTestCase {
  private let fixtures = try! FixtureFile("files")
  private lazy var folder = TemporaryFolder(of: self, inMemory: true)
  private var path: String { folder.file("x.safetensors") }

  private func bytes(_ parity: ParityCase) -> [UInt8] {
    fixtures.tensor("bytes", of: parity)!.elements()
  }

  private func tensors(_ parity: ParityCase) -> [String: Tensor] {
    let names = parity.tensors.keys.filter { $0.hasPrefix("tensor ") }
    return Dictionary(
      uniqueKeysWithValues: names.map {
        (String($0.dropFirst("tensor ".count)), fixtures.tensor($0, of: parity)!)
      })
  }

  func testADatasetOfAFile() throws {
    let inputs = RandomGenerator(seed: 1).normal([6, 2])
    let labels = Tensor(Array(0..<6))
    try SafeTensors(["a": .zeros([3]), "inputs": inputs, "labels": labels, "z": .zeros([2])])
      .write(to: path)
    let dataset = try TensorDataset(safetensors: path)
    XCTAssertEqual(dataset.count, 6)
    let batch = dataset.batch(at: [5, 0])
    XCTAssertEqual(batch.x.elements(Double.self), inputs[5].elements() + inputs[0].elements())
    XCTAssertEqual(batch.y.elements(), [5, 0])
    XCTAssertEqual(try TensorDataset(safetensors: path, labels: "inputs").labels.shape, [6, 2])

    func assertRefused(_ inputs: String, _ labels: String, _ expected: String) {
      let sentence = "\(path): \(expected)"
      XCTAssertThrowsError(
        try TensorDataset(safetensors: path, inputs: inputs, labels: labels), sentence
      ) { XCTAssertEqual("\($0)", sentence) }
    }
    assertRefused("none", "labels", "none: expected a tensor, got none")
    assertRefused("inputs", "a", "a: expected 6 rows, as inputs has, got 3")
    let whole = try [UInt8](contentsOfFile: path)
    try Array(whole.dropLast(20)).write(toFile: path)
    XCTAssertThrowsError(try TensorDataset(safetensors: path)) {
      XCTAssertTrue("\($0)".hasPrefix(path), "\($0)")
    }
  }

  func testFilesThatPythonWroteAreReadToTheBit() throws {
    let cases = try fixtures.cases("file")
    try withEvery("file", in: cases.map(\.name)) { name in
      let parity = cases.first { $0.name == name }!
      try bytes(parity).write(toFile: path)
      let file = try SafeTensors(contentsOf: path)
      let expected = tensors(parity)
      expect(Set(file.tensors.keys) == Set(expected.keys), "names \(file.tensors.keys)")
      for (name, tensor) in expected {
        let isSame = file.tensors[name].map { sameBits($0, tensor) } ?? false
        expect(isSame, "'\(name)' is \(file.tensors[name]?.dtype as Any)")
      }
      expect(
        file.metadata == parity.attributes["metadata"]!.fields.mapValues(\.text),
        "metadata \(file.metadata)")
    }
    print("files of Python's safetensors: \(cases.count) read")
  }

  func testFilesAreWrittenToTheByteAsByPython() throws {
    let cases = try fixtures.cases("file").filter { $0.attributes["isWritten"]!.flag }
    for parity in cases {
      let metadata = parity.attributes["metadata"]!.fields.mapValues(\.text)
      try SafeTensors(tensors(parity), metadata: metadata).write(to: path)
      XCTAssertEqual(try [UInt8](contentsOfFile: path), bytes(parity), parity.name)
    }
    XCTAssertGreaterThan(cases.count, 5)
    print("files of Python's safetensors: \(cases.count) written to the same bytes")
  }

  func testDamagedAndForeignFilesAreRefusedByName() throws {
    let cases = try fixtures.cases("refused")
    for parity in cases {
      try bytes(parity).write(toFile: path)
      let culprit = parity.attributes["culprit"]!.text
      XCTAssertThrowsError(try SafeTensors(contentsOf: path), parity.name) { error in
        let error = error as! CheckpointError
        XCTAssertEqual(error.name ?? "", culprit, "\(parity.name): \(error)")
        XCTAssertEqual(error.file, path)
        XCTAssertEqual(
          error.kind, culprit == "strange" || error.got == "F3" ? .unsupported : .damaged)
      }
    }
    print("files to refuse: \(cases.count)")
  }

  func testMessagesNameTheFileAndTheTensor() throws {
    let file = folder.file("weights.safetensors")
    try SafeTensors(["layer.weight": .ones([2, 3])]).write(to: file)
    let whole = try [UInt8](contentsOfFile: file)
    func message(_ bytes: [UInt8]) throws -> String {
      try bytes.write(toFile: file)
      var message = ""
      XCTAssertThrowsError(try SafeTensors(contentsOf: file)) { message = "\($0)" }
      return message.replacingOccurrences(of: folder.path + "/", with: "")
    }
    XCTAssertEqual(
      try message(whole.dropLast()),
      "weights.safetensors: layer.weight: expected data up to byte 24, got a file that ends at byte 23"
    )
    XCTAssertEqual(try message([1, 2]), "weights.safetensors: expected 8 bytes, got 2")
    let text = String(decoding: whole, as: UTF8.self)
    XCTAssertEqual(
      try message(Array(text.replacingOccurrences(of: "[2,3]", with: "[3,3]").utf8)),
      "weights.safetensors: layer.weight: expected 36 bytes for float32 of [3, 3], got bytes 0 to 24"
    )
    XCTAssertEqual(
      try message(Array(text.replacingOccurrences(of: "\"F32\"", with: "\"I16\"").utf8)),
      "weights.safetensors: layer.weight: "
        + "expected a dtype of I64, F64, F32, I32, BF16, F16, U8, BOOL, got I16")
  }

  func testViewsAreWrittenInOrder() throws {
    let x = Tensor.range(0, 24).reshaped([2, 3, 4])
    let views = [
      "transposed": x.permuted(2, 0, 1), "slice": x[.all, 1],
      "broadcast": x[0, 0].broadcast(to: [3, 4]),
      "tracked": x.cast(to: .float32).tracked(), "empty": x[0..<0],
    ]
    try SafeTensors(views).write(to: path)
    let read = try SafeTensors(contentsOf: path).tensors
    for (name, view) in views {
      XCTAssertTrue(sameBits(read[name]!, view.detached().contiguous()), name)
      XCTAssertFalse(read[name]!.requiresGradient)
    }
  }

  func testAFailedResultAndTheFormatsOwnNameAreRefused() throws {
    try SafeTensors(["a": .ones([1])]).write(to: path)
    XCTAssertThrowsError(
      try validated { try SafeTensors(["b": Tensor.ones([2]) + Tensor.ones([3])]).write(to: path) }
    ) { XCTAssertEqual(($0 as? CheckpointError)?.name, "b") }
    XCTAssertThrowsError(try SafeTensors(["__metadata__": .ones([1])]).write(to: path)) {
      XCTAssertEqual(($0 as? CheckpointError)?.name, "__metadata__")
    }
    XCTAssertEqual(Set(try SafeTensors(contentsOf: path).tensors.keys), ["a"])
    XCTAssertEqual(try folder.names(), ["x.safetensors"])
  }

  /// Any bytes at all give tensors that fill the file, or an error.
  func testNoBytesBreakTheReader() throws {
    let tensors: [String: Tensor] = [
      "model.weight": .ones([2, 3]), "é\n": Tensor([1, 2]), "flags": Tensor([true, false]),
      "empty": .zeros([0, 4]), "half": Tensor([0.5], dtype: .float16),
    ]
    try SafeTensors(tensors, metadata: ["key": "value"]).write(to: path)
    let whole = try [UInt8](contentsOfFile: path)
    var random = SystemLike(seed: 11)
    var refused = 0
    let rounds = 40_000
    for round in 0..<rounds {
      let mutated = mutate(whole, round, &random)
      try mutated.write(toFile: path)
      do throws(CheckpointError) {
        let read = try SafeTensors(contentsOf: path)
        let bytes = read.tensors.values.reduce(0) {
          $0 + $1.elements(Double.self).count * $1.dtype.byteCount
        }
        let header = mutated.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        XCTAssertEqual(8 + header + bytes, mutated.count)
      } catch {
        XCTAssertEqual(error.file, path)
        refused += 1
      }
    }
    XCTAssertGreaterThan(refused, rounds / 3)
    XCTAssertLessThan(refused, rounds)
    print("mutations of a safetensors file: \(refused) of \(rounds) refused, none broke the reader")
  }

  private func mutate(_ whole: [UInt8], _ round: Int, _ random: inout SystemLike) -> [UInt8] {
    var bytes = whole
    let header = Int(whole[0]) | Int(whole[1]) << 8
    for _ in 0...(round % 3) {
      let place = Int.random(in: 0..<(round % 2 == 0 ? 8 + header : bytes.count), using: &random)
      switch round % 5 {
      case 0:
        bytes[min(place, bytes.count - 1)] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[min(place, bytes.count - 1)] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes = Array(bytes.prefix(max(place, 1)))
      case 3:
        bytes.insert(
          Array("0123456789{}[],:\"\\ -.eEu".utf8).randomElement(using: &random)!,
          at: min(place, bytes.count))
      default:
        let end = min(bytes.count, place + 12)
        let start = min(place, end - 1)
        bytes.replaceSubrange(
          start..<end, with: bytes[Int.random(in: 0..<end, using: &random)...].prefix(12))
      }
    }
    return bytes
  }

  func testTheSystemsRefusalsAreSentences() throws {
    let nowhere = folder.file("none/x.safetensors")
    let file = SafeTensors(["a": .ones([1])])
    for (path, purpose) in [(nowhere, "write"), (folder.path, "write")] {
      XCTAssertThrowsError(try file.write(to: path)) { error in
        XCTAssertEqual((error as? CheckpointError)?.kind, .system)
        XCTAssertTrue("\(error)".hasPrefix("\(path): expected to \(purpose) it, got '"), "\(error)")
      }
    }
    XCTAssertThrowsError(try SafeTensors(contentsOf: nowhere)) {
      XCTAssertEqual("\($0)", "\(nowhere): expected to read it, got 'No such file or directory'")
    }
    XCTAssertThrowsError(try SafeTensors(contentsOf: folder.path)) {
      XCTAssertEqual("\($0)", "\(folder.path): expected a file, got a folder or a device")
    }
    XCTAssertEqual(try folder.names(), [])
  }

  func testMillionsOfElementsComeBack() throws {
    let x = RandomGenerator(seed: 1).normal([1_500, 1_000])
    let clock = ContinuousClock()
    let writing = try clock.measure { try SafeTensors(["x": x]).write(to: path) }
    var read: [String: Tensor] = [:]
    let reading = try clock.measure { read = try SafeTensors(contentsOf: path).tensors }
    XCTAssertTrue(sameBits(read["x"]!, x))
    print("6 MB written in \(writing), read in \(reading)")
  }
}

/// Random numbers that a seed determines, for Swift's own functions.
struct SystemLike: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// Whether two tensors are of one shape and dtype and their bytes are equal, those of NaNs as well.
func sameBits(_ a: Tensor, _ b: Tensor) -> Bool {
  guard a.shape == b.shape, a.dtype == b.dtype else { return false }
  let (a, b) = (a.contiguous(), b.contiguous())
  return a.count == 0 || memcmp(a.address, b.address, a.count * a.dtype.byteCount) == 0
}
