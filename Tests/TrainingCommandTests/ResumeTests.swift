import Foundation
import TrainingKit
import XCTest

/// Jobs that end before their end, and go on.
final class ResumeTests: XCTestCase {
  private struct Summary: Decodable {
    let lossPerEpoch, accuracyPerEpoch, heldOutAccuracyPerEpoch: [Double]
    let finalAccuracy: Double
    let steps, skippedSteps: Int
  }

  private func summary(_ path: String) throws -> Summary {
    try JSONDecoder().decode(Summary.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// A job with all that a checkpoint has to hold: a loss scale that moves, an average, dropped units.
  private let job = [
    "train", "--model", "cnn", "--hidden", "8", "--batch-size", "96", "--epochs", "16",
    "--precision", "float16", "--optimizer-state", "bfloat16", "--ema", "0.9", "--smooth", "0.5",
    "--schedule", "plateau",
    "--checkpoint-every", "3",
  ]

  /// Everything in the last checkpoint of a folder but for what the folder adds.
  private func last(_ folder: String) throws -> [String: [UInt8]] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    XCTAssertTrue(names.allSatisfy { $0.hasPrefix("step-") }, "left behind: \(names)")
    let file = try SafeTensors(contentsOf: folder + "/" + XCTUnwrap(names.last))
    var everything = file.tensors.mapValues { tensor in
      tensor.elements(Double.self).flatMap { number in
        withUnsafeBytes(of: number.bitPattern) { Array($0) }
      }
    }
    for name in ["schedule", "scaler", "progress", "generator", "loader", "clippingHistory"] {
      everything["value \(name)"] = Array(try XCTUnwrap(file.metadata[name]).utf8)
    }
    return everything
  }

  /// Kills jobs at random moments, also while they write, and lets them go on.
  func testRunsThatAreKilledFiftyTimesEndAtTheSameBits() throws {
    let scratch = try Scratch(of: self)
    let folder = scratch.path("killed")
    let start = ContinuousClock.now
    let whole = try finish(in: scratch.path("whole"), scratch)
    let longest = UInt32((ContinuousClock.now - start) / .microseconds(1) / 4)

    var (kills, ends) = (0, 0)
    var random = Shuffled(seed: 5)
    while kills < 50 {
      let life = try startLife(in: folder)
      usleep(.random(in: 0...longest, using: &random))
      if life.isRunning {
        kill(life.processIdentifier, SIGKILL)
        life.waitUntilExit()
        kills += 1
      } else {
        assertEqual(try finish(in: folder, scratch), whole)
        try FileManager.default.removeItem(atPath: folder)
        ends += 1
      }
    }
    assertEqual(try finish(in: folder, scratch), whole)
    print("kills: \(kills) over \(ends + 1) runs")
  }

  private func startLife(in folder: String) throws -> Process {
    let life = Process()
    life.executableURL = CommandRun.executable
    life.arguments = job + ["--checkpoint-dir", folder, "--resume"]
    life.standardOutput = FileHandle.nullDevice
    try life.run()
    return life
  }

  /// Lets the job in a folder end; its last checkpoint and its summary.
  private func finish(
    in folder: String, _ scratch: Scratch
  ) throws -> (state: [String: [UInt8]], summary: Summary) {
    let path = scratch.path("summary.json")
    let run = try CommandRun(job + ["--checkpoint-dir", folder, "--resume", "--json", path])
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(run.errors, "")
    return (try last(folder), try summary(path))
  }

  private func assertEqual(
    _ got: (state: [String: [UInt8]], summary: Summary),
    _ expected: (state: [String: [UInt8]], summary: Summary)
  ) {
    XCTAssertEqual(got.state.keys.sorted(), expected.state.keys.sorted())
    for (name, bytes) in expected.state { XCTAssertEqual(got.state[name], bytes, name) }
    let (a, b) = (got.summary, expected.summary)
    XCTAssertEqual(a.lossPerEpoch, b.lossPerEpoch)
    XCTAssertEqual(a.accuracyPerEpoch, b.accuracyPerEpoch)
    XCTAssertEqual(a.heldOutAccuracyPerEpoch, b.heldOutAccuracyPerEpoch)
    XCTAssertEqual([a.steps, a.skippedSteps], [b.steps, b.skippedSteps])
  }

  func testAFinishedRunIsResumedToItsSummary() throws {
    let scratch = try Scratch(of: self)
    let arguments = [
      "train", "--model", "linear", "--epochs", "2", "--checkpoint-dir", scratch.path("c"),
      "--resume",
    ]
    let first = try CommandRun(arguments)
    XCTAssertTrue(first.output.contains("no checkpoint in \(scratch.path("c")) yet"), first.output)
    let second = try CommandRun(arguments + ["--json", scratch.path("s.json")])
    XCTAssertEqual(second.status, 0, second.errors)
    XCTAssertTrue(second.output.contains("going on after step 90 of 90"), second.output)
    XCTAssertEqual(try summary(scratch.path("s.json")).lossPerEpoch.count, 2)
  }

  /// What does not depend on the length goes on to the bits of the longer run; what does is told.
  func testAFinishedRunGoesOnToMoreEpochs() throws {
    let scratch = try Scratch(of: self)
    func train(_ folder: String, _ words: String...) throws -> (output: String, errors: String) {
      let run = try CommandRun(
        ["train", "--model", "linear", "--checkpoint-dir", scratch.path(folder)] + words)
      return (run.output, run.errors)
    }
    func epochs(_ folder: String, _ schedule: String) throws -> [String] {
      var lines: [String] = []
      for words in [["2"], ["4", "--resume"], ["4", "--resume"]] {
        let run = try CommandRun(
          [
            "train", "--model", "linear", "--checkpoint-dir", scratch.path(folder), "--schedule",
            schedule,
          ]
            + ["--epochs"] + words)
        XCTAssertEqual(run.status, 0, run.errors)
        lines += run.output.split(separator: "\n").filter { $0.hasPrefix("going on") }.map(
          String.init)
      }
      return lines
    }
    let plain = try epochs("constant", "constant")
    XCTAssertEqual(
      plain,
      [
        "going on after step 90 of 180, with 4 epochs in place of 2: the schedule constant does not depend on "
          + "them, so the steps are those of a run of 4 epochs with --warmup 4",
        "going on after step 180 of 180",
      ])
    let whole = try train("whole", "--schedule", "constant", "--epochs", "4", "--warmup", "4")
    XCTAssertEqual(whole.errors, "")
    let (got, expected) = (try last(scratch.path("constant")), try last(scratch.path("whole")))
    for (name, bytes) in expected { XCTAssertEqual(got[name], bytes, name) }

    let lines = try epochs("cosine", "cosine")
    XCTAssertEqual(lines.count, 2)
    XCTAssertTrue(
      lines[0].hasPrefix(
        "going on after step 90 of 180, with 4 epochs in place of 2: the schedule cosine is laid over all 4, "
          + "so the next step has the learning rate 0.0155 where it would have had 0"), lines[0])
    let less = try train("cosine", "--epochs", "3", "--resume")
    XCTAssertEqual(
      less.errors,
      "training: --epochs: expected at least 4, which the checkpoint has begun, got 3\n")
    let silent = try train("cosine", "--resume")
    XCTAssertEqual(
      silent.errors,
      "training: --resume: expected the settings of the checkpoint: epochs 4, got 40\n")
  }

  private func assertRefused(
    _ arguments: [String], _ expected: String, status: Int32 = 64
  ) throws {
    let run = try CommandRun(arguments)
    XCTAssertEqual(run.status, status, run.errors)
    XCTAssertEqual(run.errors, "training: \(expected)\n")
  }

  func testWhatDoesNotGoTogetherIsRefused() throws {
    let scratch = try Scratch(of: self)
    let folder = scratch.path("c")
    let linear = ["train", "--model", "linear", "--epochs", "1"]
    try assertRefused(linear + ["--resume"], "--resume: expected --checkpoint-dir, got none")
    try assertRefused(
      linear + ["--checkpoint-every", "2"],
      "--checkpoint-every: expected --checkpoint-dir, got none")
    XCTAssertEqual(try CommandRun(linear + ["--checkpoint-dir", folder]).status, 0)
    try assertRefused(
      linear + ["--checkpoint-dir", folder],
      "--checkpoint-dir: expected a folder without checkpoints, got \(folder); "
        + "--resume goes on from them")
    try assertRefused(
      linear + ["--checkpoint-dir", folder, "--resume", "--ema", "0.9"],
      "--resume: expected the settings of the checkpoint: ema none, got 0.9")
    let file = "\(folder)/step-00000045.safetensors"
    try FileHandle(forWritingTo: URL(fileURLWithPath: file)).truncate(atOffset: 3000)
    let run = try CommandRun(linear + ["--checkpoint-dir", folder, "--resume"])
    XCTAssertEqual(run.status, 65)
    let lines = run.errors.split(separator: "\n")
    XCTAssertEqual(lines.count, 2, run.errors)
    XCTAssertTrue(lines[0].hasPrefix("training: warning: \(file): "), run.errors)
    XCTAssertEqual(
      lines[1], "training: --resume: expected a checkpoint that is whole, got none in \(folder)")
  }

  /// What cannot be read is no output that cannot be written.
  func testAFolderThatCannotBeReadIsNoInput() throws {
    let scratch = try Scratch(of: self)
    let linear = ["train", "--model", "linear", "--epochs", "1", "--resume", "--checkpoint-dir"]
    let file = try scratch.file("file", "no folder")
    try assertRefused(
      linear + [file], "--resume: \(file): expected to list the folder, got 'Not a directory'",
      status: 66)
    let folder = scratch.path("c")
    try FileManager.default.createDirectory(
      atPath: "\(folder)/step-00000045.safetensors", withIntermediateDirectories: true)
    let run = try CommandRun(linear + [folder])
    XCTAssertEqual(run.status, 66, run.errors)
    XCTAssertTrue(
      run.errors.hasSuffix("expected a checkpoint that is whole, got none in \(folder)\n"),
      run.errors)
  }

  func testAPartedBatchIsTheSameStep() throws {
    let scratch = try Scratch(of: self)
    func loss(_ parts: String) throws -> Double {
      let path = scratch.path("\(parts).json")
      let run = try CommandRun([
        "train", "--model", "mlp", "--epochs", "2", "--accumulate", parts, "--json", path,
      ])
      XCTAssertEqual(run.status, 0, run.errors)
      return try summary(path).lossPerEpoch[1]
    }
    XCTAssertEqual(try loss("1"), try loss("5"), accuracy: 1e-5)
  }

  func testSkippedStepsAreInTheReport() throws {
    let run = try CommandRun([
      "train", "--model", "mlp", "--epochs", "1", "--optimizer", "sgd", "--learning-rate", "1e30",
      "--clip", "0", "--warmup", "0",
    ])
    XCTAssertEqual(run.status, 70)
    XCTAssertTrue(
      run.output.contains("  skipped because the loss is nan: steps 1 to 20"), run.output)
    XCTAssertTrue(run.output.contains("21, 20 skipped"), run.output)
    XCTAssertTrue(run.output.contains("no epoch came to its end"), run.output)
  }
}

/// The same numbers every time.
private struct Shuffled: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 33)
  }
}
