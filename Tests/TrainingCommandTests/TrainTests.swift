import Foundation
import XCTest

/// The main job, end to end.
final class TrainTests: XCTestCase {
  private struct Summary: Decodable {
    struct Settings: Decodable {
      let model: String
      let seed: UInt64
    }
    let settings: Settings
    let lossPerEpoch: [Double]
    let finalAccuracy: Double?
    let steps: Int
    let skippedSteps: Int
    let stopped: String?
    let seconds: Double
    let stepsPerSecond: Double
    let text: String?
  }

  private func summary(_ path: String) throws -> Summary {
    try JSONDecoder().decode(Summary.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func testDigitsAreLearned() throws {
    let scratch = try Scratch(of: self)
    let path = scratch.path("summary.json")
    let run = try CommandRun("train", "--model", "mlp", "--seed", "3", "--json", path)
    XCTAssertEqual(run.status, 0, run.errors)
    let summary = try summary(path)
    XCTAssertGreaterThanOrEqual(summary.finalAccuracy ?? 0, 0.965)
    XCTAssertEqual(summary.settings.model, "mlp")
    XCTAssertEqual(summary.settings.seed, 3)
    XCTAssertEqual(summary.skippedSteps, 0)
    XCTAssertEqual(summary.lossPerEpoch.count, 40)
    XCTAssertEqual(summary.steps, 40 * 45)
    XCTAssertTrue(run.output.contains("epoch 40/40"), run.output)
    XCTAssertFalse(run.output.contains("\u{1B}"), "no control characters when not on a terminal")
  }

  private struct Watched: Decodable {
    struct Finding: Decodable {
      let symptom, cause, severity: String
      let step: Int
    }
    let findings: [Finding]?
  }

  func testTheDoctorWatches() throws {
    let scratch = try Scratch(of: self)
    func findings(_ words: String...) throws -> (output: String, found: [Watched.Finding]?) {
      let path = scratch.path("summary.json")
      let run = try CommandRun(
        ["train", "--model", "mlp", "--epochs", "6", "--json", path] + words)
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      return (run.output, try JSONDecoder().decode(Watched.self, from: data).findings)
    }
    let healthy = try findings("--doctor")
    XCTAssertEqual(healthy.found?.count, 0, healthy.output)
    XCTAssertTrue(healthy.output.contains("healthy: 270 steps"), healthy.output)
    XCTAssertNil(try findings().found)
    let page = scratch.path("page.html")
    let sick = try findings(
      "--learning-rate", "100", "--clip", "0", "--warmup", "0", "--html", page)
    let first = try XCTUnwrap(sick.found?.first, sick.output)
    XCTAssertEqual(first.symptom, "explosion", sick.output)
    XCTAssertEqual(first.severity, "fault")
    XCTAssertTrue(sick.output.contains("fault at step \(first.step): explosion"), sick.output)
    XCTAssertTrue(sick.output.contains("doctor                     sick: "), sick.output)
    let html = try String(contentsOfFile: page, encoding: .utf8)
    XCTAssertTrue(html.contains("Training of handwritten digits"))
  }

  func testTheSameSeedGivesTheSameRunForAnyThreadCount() throws {
    let scratch = try Scratch(of: self)
    func losses(_ name: String, threads: String) throws -> [Double] {
      let path = scratch.path(name)
      let run = try CommandRun(
        "train", "--epochs", "1", "--threads", threads, "--json", path)
      XCTAssertEqual(run.status, 0, run.errors)
      return try summary(path).lossPerEpoch
    }
    let one = try losses("1.json", threads: "1")
    XCTAssertEqual(one, try losses("2.json", threads: "2"))
    XCTAssertEqual(one, try losses("3.json", threads: "3"))
  }

  func testATableOfOnesOwn() throws {
    let scratch = try Scratch(of: self)
    let rows = (0..<200).map { "\(Double($0 % 7) - 3),\($0 % 3),5,\($0 % 7 < 3 ? 0 : 1)" }
    let table = try scratch.file("t.csv", "a,b,c,class\r\n" + rows.joined(separator: "\r\n"))
    let path = scratch.path("t.json")
    let run = try CommandRun("train", "--csv", table, "--json", path, "--optimizer", "sgd")
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(try summary(path).finalAccuracy, 1)
  }

  func testImagesOfOnesOwn() throws {
    let scratch = try Scratch(of: self)
    var pixels = Data([0, 0, 8, 3, 0, 0, 0, 50, 0, 0, 0, 6, 0, 0, 0, 6])
    var labels = Data([0, 0, 8, 1, 0, 0, 0, 50])
    for image in 0..<50 {
      labels.append(UInt8(image % 2))
      pixels.append(contentsOf: (0..<36).map { ($0 % 6 < 3) == (image % 2 == 0) ? 200 : 10 })
    }
    let path = scratch.path("i.json")
    let run = try CommandRun(
      "train", "--idx", try scratch.file("images", pixels), try scratch.file("labels", labels),
      "--json", path, "--epochs", "10", "--schedule", "step")
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(try summary(path).finalAccuracy, 1)
  }

  func testTextIsLearnedAndWritten() throws {
    let scratch = try Scratch(of: self)
    let text = try scratch.file("t.txt", String(repeating: "abcdefgh ", count: 300))
    let path = scratch.path("t.json")
    let run = try CommandRun(
      "train", "--text", text, "--context", "16", "--hidden", "32", "--generate", "40", "--json",
      path, "--epochs", "12", "--optimizer", "adam")
    XCTAssertEqual(run.status, 0, run.errors)
    let summary = try summary(path)
    XCTAssertGreaterThan(summary.finalAccuracy ?? 0, 0.9)
    XCTAssertEqual(summary.text?.count, 40)
    XCTAssertTrue(run.output.contains(summary.text ?? "?"))
  }

  func testARunThatDivergesSkipsStepsAndStopsWithASummary() throws {
    let scratch = try Scratch(of: self)
    let path = scratch.path("d.json")
    let run = try CommandRun(
      "train", "--model", "mlp", "--optimizer", "sgd", "--learning-rate", "1e30", "--clip", "0",
      "--epochs", "1", "--warmup", "0", "--json", path)
    XCTAssertEqual(run.status, 70)
    XCTAssertTrue(run.errors.hasPrefix("training: step: expected an applied step, got 20 skipped"))
    XCTAssertEqual(run.errors.split(separator: "\n").count, 1)
    XCTAssertEqual(try summary(path).skippedSteps, 20)
    XCTAssertEqual(run.errors, "training: \(try summary(path).stopped ?? "")\n")
    XCTAssertTrue(run.output.contains("skipped: the loss is"))
  }

  func testHelpIsComplete() throws {
    let help = try CommandRun("train", "--help").output
    for option in [
      "--csv FILE", "--idx IMAGES LABELS", "--text FILE", "--model", "--optimizer",
      "--learning-rate", "--schedule", "--clip", "--epochs", "--batch-size", "--seed", "--threads",
      "--json FILE", "--precision", "--optimizer-state NAME", "--accumulate", "--ema", "--smooth",
      "--checkpoint-dir DIR",
      "--checkpoint-every STEPS", "--resume",
    ] {
      XCTAssertTrue(help.contains(option), option)
    }
    XCTAssertTrue(try CommandRun("--help").output.contains("train"))
  }
}
