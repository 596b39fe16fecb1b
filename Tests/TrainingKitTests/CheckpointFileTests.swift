import Foundation
import TestSupport
import TrainingKit
import XCTest

/// A file is there as a whole or not at all.
final class CheckpointFileTests: XCTestCase {
  private lazy var folder = TemporaryFolder(of: self)
  private var path: String { folder.file("x.safetensors") }

  func testAFullDiskLeavesTheOldFile() throws {
    try SafeTensors(["x": .ones([8])]).write(to: path)
    let before = try [UInt8](contentsOfFile: path)
    #if canImport(Darwin)
      let fileSize = RLIMIT_FSIZE
    #else
      let fileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #endif
    var limit = rlimit()
    getrlimit(fileSize, &limit)
    let old = limit
    let handler = signal(SIGXFSZ, SIG_IGN)
    limit.rlim_cur = 1 << 20
    setrlimit(fileSize, &limit)
    defer { signal(SIGXFSZ, handler) }
    let result = Result { try SafeTensors(["x": .ones([1 << 19])]).write(to: path) }
    limit = old
    setrlimit(fileSize, &limit)
    XCTAssertThrowsError(try result.get()) {
      XCTAssertEqual("\($0)", "\(path): expected to write it, got 'File too large'")
    }
    XCTAssertEqual(try [UInt8](contentsOfFile: path), before)
    XCTAssertEqual(try folder.names(), ["x.safetensors"], "the temporary file stayed")
  }

  func testLeftoversOfTheKilledAreRemovedAndThoseOfTheLivingAreNot() throws {
    let dead = folder.file(".1-0.trainingkit-partial")
    let living = folder.file(".2-0.trainingkit-partial")
    let foreign = folder.file(".3-0.partial")
    for path in [dead, living, foreign] { try [UInt8]([1]).write(toFile: path) }
    let descriptor = open(living, O_RDONLY)
    XCTAssertEqual(flock(descriptor, LOCK_EX | LOCK_NB), 0)
    try SafeTensors(["x": .ones([1])]).write(to: path)
    XCTAssertEqual(
      try folder.names(), [".2-0.trainingkit-partial", ".3-0.partial", "x.safetensors"])
    close(descriptor)
    try SafeTensors(["x": .ones([1])]).write(to: path)
    XCTAssertEqual(try folder.names(), [".3-0.partial", "x.safetensors"])
  }

  func testAPathInTheWorkingFolderAndOneWithoutItsEnd() throws {
    let old = FileManager.default.currentDirectoryPath
    XCTAssertTrue(FileManager.default.changeCurrentDirectoryPath(folder.path))
    defer { _ = FileManager.default.changeCurrentDirectoryPath(old) }
    try SafeTensors(["x": .ones([1])]).write(to: "here.safetensors")
    XCTAssertEqual(try folder.names(), ["here.safetensors"])
    let name = String(repeating: "n", count: 250)
    try SafeTensors(["x": .ones([1])]).write(to: name)
    XCTAssertEqual(try SafeTensors(contentsOf: name).tensors.count, 1)
  }

  func testManyThreadsWriteOneFile() throws {
    let path = path
    DispatchQueue.concurrentPerform(iterations: 16) { number in
      let value = Tensor(repeating: number, shape: [1_000], dtype: .int64)
      do { try SafeTensors(["x": value]).write(to: path) } catch { XCTFail("\(error)") }
    }
    let x: [Int] = try SafeTensors(contentsOf: path).tensors["x"]!.elements()
    XCTAssertEqual(Set(x).count, 1)
    XCTAssertEqual(try folder.names(), ["x.safetensors"])
  }

  // Folders of checkpoints.

  private func checkpoint(_ value: Double) -> Checkpoint {
    var checkpoint = Checkpoint()
    checkpoint["model"] = ["w": Tensor(value)]
    return checkpoint
  }

  private func value(_ search: CheckpointFolder.Search) -> Double? {
    search.checkpoint?["model"]["w"]?.item()
  }

  private func steps(_ folder: CheckpointFolder) throws -> [Int] {
    try folder.entries().entries.map(\.step)
  }

  func testTheLastAreKept() throws {
    let runs = CheckpointFolder(folder.file("a/b"), keepLast: 2)
    XCTAssertNil(try runs.latest().checkpoint)
    for step in [0, 10, 20, 30] { try runs.write(checkpoint(Double(step)), step: step) }
    XCTAssertEqual(try steps(runs), [30, 20])
    XCTAssertEqual(value(try runs.latest()), 30)
    XCTAssertEqual(try runs.latest().entry?.path, folder.file("a/b/step-00000030.safetensors"))
    XCTAssertNil(try runs.best().checkpoint)
    try runs.write(checkpoint(1), step: 123_456_789_012)
    XCTAssertEqual(try runs.latest().entry?.step, 123_456_789_012)
  }

  func testTheBestIsKeptAndNaNIsNot() throws {
    let metrics = [0.5, .nan, 0.2, -.infinity, 0.2, 0.9, 0.7, .infinity]
    for (best, step) in [(CheckpointFolder.Best.lowest, 2), (.highest, 5)] {
      let runs = CheckpointFolder(folder.file("\(best)"), keepLast: 1, keepBest: best)
      for (step, metric) in metrics.enumerated() {
        try runs.write(checkpoint(Double(step)), step: step, metric: metric)
      }
      XCTAssertEqual(try steps(runs), [7, step])
      XCTAssertEqual(try runs.best().entry?.step, step)
      XCTAssertEqual(try runs.best().entry?.metric, metrics[step])
      XCTAssertEqual(value(try runs.best()), Double(step))
      XCTAssertEqual(try runs.latest().entry?.step, 7)
    }
  }

  func testDamagedFilesAreSkippedAndReported() throws {
    let runs = CheckpointFolder(folder.path, keepLast: 4, keepBest: .lowest)
    for step in 1...4 {
      try runs.write(checkpoint(Double(step)), step: step, metric: Double(-step))
    }
    let files = try runs.entries().entries.map(\.path)
    try Array([UInt8](contentsOfFile: files[0]).dropLast()).write(toFile: files[0])
    var altered = try [UInt8](contentsOfFile: files[1])
    altered[altered.count - 1] ^= 1
    try altered.write(toFile: files[1])
    let found = try runs.latest()
    XCTAssertEqual(found.entry?.step, 2)
    XCTAssertEqual(found.refused.map(\.file), [files[0], files[1]])
    XCTAssertEqual(found.refused.map(\.name), ["model.w", "model.w"])
    XCTAssertEqual(try runs.best().entry?.step, 2)
    for file in files { try [UInt8]().write(toFile: file) }
    let nothing = try runs.latest()
    XCTAssertNil(nothing.checkpoint)
    XCTAssertEqual(nothing.refused.count, 4)
    // What cannot be read is left alone, and does not count.
    try runs.write(checkpoint(5), step: 5)
    XCTAssertEqual(try folder.names().count, 5)
    XCTAssertEqual(try runs.latest().entry?.step, 5)
  }

  func testARunThatWentBackKeepsWhatItWrites() throws {
    let runs = CheckpointFolder(folder.path, keepLast: 2)
    for step in [10, 20, 30] { try runs.write(checkpoint(Double(step)), step: step) }
    try runs.write(checkpoint(-1), step: 15)
    XCTAssertEqual(try runs.latest().entry?.step, 15)
    try runs.write(checkpoint(-2), step: 20)
    XCTAssertEqual(value(try runs.latest()), -2)
    XCTAssertEqual(try steps(runs), [20, 15])
  }

  func testFilesOfOthersAreLeftAlone() throws {
    for name in ["step-1.safetensors", "step-0000000x.safetensors", "step-00000001.json", "notes"] {
      try [UInt8]([1]).write(toFile: folder.file(name))
    }
    let runs = CheckpointFolder(folder.path, keepLast: 1)
    for step in 1...3 { try runs.write(checkpoint(1), step: step) }
    XCTAssertEqual(try folder.names().count, 5)
    XCTAssertEqual(try runs.latest().refused, [])
    XCTAssertThrowsError(try validated { CheckpointFolder("x", keepLast: 0) }) {
      XCTAssertEqual("\($0)", "CheckpointFolder: expected a keepLast of 1 or more, got 0")
    }
    let notAFolder = CheckpointFolder(folder.file("notes"))
    XCTAssertThrowsError(try notAFolder.latest()) {
      XCTAssertEqual(
        "\($0)", "\(notAFolder.path): expected to list the folder, got 'Not a directory'")
    }
  }
}
