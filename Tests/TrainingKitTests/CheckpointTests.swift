import Foundation
import TestSupport
import TrainingKit
import XCTest

final class CheckpointTests: XCTestCase {
  private lazy var folder = TemporaryFolder(of: self, inMemory: true)
  private var path: String { folder.file("run.safetensors") }

  private func sample() throws -> Checkpoint {
    var checkpoint = Checkpoint()
    checkpoint["model"] = [
      "0.weight": Tensor([[1.0, 2, 3], [4, 5, 6]]), "0.bias": Tensor([0.5, -0.0, .nan]),
      "empty": .zeros([0, 2]), "none": .zeros([0]),
    ]
    checkpoint["optimizer"] = ["0.weight.step": Tensor(7)]
    try checkpoint.encode(
      Schedule.warmup(steps: 3).then(.cosine(peak: 0.1, steps: 9)), as: "schedule")
    return checkpoint
  }

  func testChecksumsAreThoseOfXXHash() throws {
    let fixtures = try FixtureFile("files")
    let cases = try fixtures.cases("checksum")
    for parity in cases {
      let bytes: [UInt8] = fixtures.tensor("bytes", of: parity)!.elements()
      let digits = bytes.withUnsafeBytes { Checksum(of: $0).text }
      XCTAssertEqual(digits, parity.attributes["digits"]!.text, parity.name)
    }
    XCTAssertGreaterThan(cases.count, 70)
    print("checksums of xxhash: \(cases.count)")
    let bytes = [UInt8](repeating: 7, count: 64 << 20)
    let time = ContinuousClock().measure { _ = bytes.withUnsafeBytes { Checksum(of: $0).text } }
    print("checksum of 64 MiB in \(time)")
  }

  func testACheckpointComesBack() throws {
    let checkpoint = try sample()
    try checkpoint.write(to: path)
    let read = try Checkpoint(contentsOf: path)
    for section in ["model", "optimizer"] {
      XCTAssertEqual(Set(read[section].keys), Set(checkpoint[section].keys))
      for (name, tensor) in checkpoint[section] {
        XCTAssertTrue(sameBits(read[section][name]!, tensor), name)
      }
    }
    XCTAssertEqual(read["average"].count, 0)
    XCTAssertEqual(
      try read.decode(Schedule.self, "schedule"), try checkpoint.decode(Schedule.self, "schedule"))
    XCTAssertTrue(read.hasValue("schedule"))
    XCTAssertFalse(read.hasValue("scaler"))
    // It is a safetensors file like any other, and the same state gives the same bytes.
    XCTAssertEqual(
      Set(try SafeTensors(contentsOf: path).tensors.keys),
      ["model.0.weight", "model.0.bias", "model.empty", "model.none", "optimizer.0.weight.step"])
    let bytes = try [UInt8](contentsOfFile: path)
    try read.write(to: path)
    XCTAssertEqual(try [UInt8](contentsOfFile: path), bytes)
  }

  func testNumbersComeBackToTheBit() throws {
    struct Numbers: Codable {
      var doubles: [Double]
      var floats: [Float]
      var words: [UInt64]
      var integers: [Int]
      var nan: Double
    }
    var random = SystemLike(seed: 3)
    let drawn = (0..<2_000).map { _ in Double(bitPattern: random.next()) }.filter { !$0.isNaN }
    let numbers = Numbers(
      doubles: [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, 0.1, 1e300] + drawn,
      floats: drawn.map { Float($0) } + [-0.0, 0.1],
      words: [0, .max, 1 << 63] + (0..<99).map { _ in random.next() },
      integers: [.min, .max, -1, 1 << 53 + 1], nan: .nan)
    var checkpoint = Checkpoint()
    try checkpoint.encode(numbers, as: "numbers")
    try checkpoint.encode("\u{0}\"\\/\u{1F}é😀", as: "text")
    try checkpoint.write(to: path)
    let file = try Checkpoint(contentsOf: path)
    let read = try file.decode(Numbers.self, "numbers")
    XCTAssertEqual(read.doubles.map(\.bitPattern), numbers.doubles.map(\.bitPattern))
    XCTAssertEqual(read.floats.map(\.bitPattern), numbers.floats.map(\.bitPattern))
    XCTAssertEqual(read.words, numbers.words)
    XCTAssertEqual(read.integers, numbers.integers)
    XCTAssertTrue(read.nan.isNaN)
    XCTAssertEqual(try file.decode(String.self, "text"), "\u{0}\"\\/\u{1F}é😀")
  }

  func testValuesThatAreMissingOrOthersAreRefused() throws {
    let checkpoint = try sample()
    try checkpoint.write(to: path)
    let read = try Checkpoint(contentsOf: path)
    XCTAssertThrowsError(try read.decode(Int.self, "steps")) {
      XCTAssertEqual("\($0)", "\(path): steps: expected a value, got none")
    }
    XCTAssertThrowsError(try read.decode(Int.self, "schedule")) {
      XCTAssertTrue(
        "\($0)".hasPrefix("\(path): schedule: expected a value of type Int, got another value: "),
        "\($0)")
    }
    for name in ["", "a.b"] {
      XCTAssertThrowsError(
        try validated {
          var checkpoint = Checkpoint()
          checkpoint[name] = ["x": .ones([1])]
        }
      ) {
        XCTAssertEqual("\($0)", "Checkpoint: expected a name without dots, got '\(name)'")
      }
    }
  }

  func testTensorsAreComparedBeforeTheyAreHandedOut() throws {
    var checkpoint = try sample()
    checkpoint["model"]["empty"] = nil
    checkpoint["model"]["none"] = nil
    let own: [String: Tensor] = ["0.weight": .zeros([2, 3]), "0.bias": .zeros([3])]
    XCTAssertEqual(try checkpoint.tensors("model", like: own).count, 2)
    func assert(_ change: (inout [String: Tensor]) -> Void, _ message: String) {
      var other = own
      change(&other)
      XCTAssertThrowsError(try checkpoint.tensors("model", like: other)) {
        XCTAssertEqual("\($0)", "checkpoint: model." + message)
      }
    }
    assert(
      { $0["0.weight"] = .zeros([3, 2]) },
      "0.weight: expected float32 of [3, 2], got float32 of [2, 3]")
    assert(
      { $0["0.bias"] = .zeros([3], dtype: .float16) },
      "0.bias: expected float16 of [3], got float32 of [3]")
    assert({ $0["1.bias"] = .zeros([1]) }, "1.bias: expected float32 of [1], got none")
    assert({ $0["0.bias"] = nil }, "0.bias: expected no tensor of this name, got float32 of [3]")
  }

  func testEveryAlteredByteIsFound() throws {
    try sample().write(to: path)
    let whole = try [UInt8](contentsOfFile: path)
    var random = SystemLike(seed: 5)
    var named = 0
    let header = 8 + Int(whole[0]) + Int(whole[1]) << 8
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      try bytes.write(toFile: path)
      XCTAssertThrowsError(try Checkpoint(contentsOf: path), "byte \(place)") { error in
        let error = error as! CheckpointError
        XCTAssertEqual(error.file, path)
        if place >= header {
          XCTAssertEqual(error.kind, .damaged)
          XCTAssertTrue(error.name!.hasPrefix("model.0.") || error.name!.hasPrefix("optimizer.0."))
          named += 1
        }
      }
    }
    XCTAssertEqual(named, whole.count - header)
    print("altered bytes of a checkpoint: \(whole.count), all found; the tensor named for \(named)")
  }

  func testEveryTruncationIsFound() throws {
    try sample().write(to: path)
    let whole = try [UInt8](contentsOfFile: path)
    for length in 0..<whole.count {
      try Array(whole.prefix(length)).write(toFile: path)
      XCTAssertThrowsError(try Checkpoint(contentsOf: path), "\(length) bytes") {
        XCTAssertEqual(($0 as? CheckpointError)?.kind, .damaged)
      }
    }
    try (whole + [0]).write(toFile: path)
    XCTAssertThrowsError(try Checkpoint(contentsOf: path))
    print("truncations of a checkpoint: \(whole.count), all found")
  }

  func testANewerVersionIsRefused() throws {
    try sample().write(to: path)
    let file = try SafeTensors(contentsOf: path)
    var newer = file
    newer.metadata["trainingkit.version"] = "2"
    try newer.write(to: path)
    XCTAssertThrowsError(try Checkpoint(contentsOf: path)) {
      XCTAssertEqual(
        "\($0)", "\(path): trainingkit.version: expected 1 or older, got 2, of a newer release")
      XCTAssertEqual(($0 as? CheckpointError)?.kind, .unsupported)
    }
    try SafeTensors(file.tensors).write(to: path)
    XCTAssertThrowsError(try Checkpoint(contentsOf: path)) {
      XCTAssertEqual(
        "\($0)",
        "\(path): expected a checkpoint, got a safetensors file without trainingkit.version")
    }
  }

  /// Files of version 1 must stay readable: this is one.
  func testTheFormatIsPinned() throws {
    var checkpoint = Checkpoint()
    checkpoint["model"] = ["w": Tensor([1.0, 2])]
    try checkpoint.encode([1.5], as: "numbers")
    try checkpoint.write(to: path)
    let text = String(
      decoding: try [UInt8](contentsOfFile: path).dropFirst(8).dropLast(8), as: UTF8.self)
    XCTAssertEqual(
      text.trimmingCharacters(in: .whitespaces),
      #"{"__metadata__":{"numbers":"[1.5]","trainingkit.checksum":"95dbf928cb00d839","#
        + #""trainingkit.checksums":"c86e535c30403d76","trainingkit.version":"1"},"#
        + #""model.w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#)
  }

  func testACheckpointDoesNotMoveWithTheModel() throws {
    let model = Linear(3, 2)
    var checkpoint = Checkpoint()
    checkpoint["model"] = model.state()
    let before: [Float] = model.weight.value.elements()
    var optimizer = SGD()
    let gradients = model.gradients(of: model(.ones([1, 3])).sum())
    optimizer.update(model, with: gradients, learningRate: 1)
    XCTAssertNotEqual(model.weight.value.elements(), before)
    try checkpoint.write(to: path)
    XCTAssertEqual(try Checkpoint(contentsOf: path)["model"]["weight"]!.elements(), before)
  }
}
