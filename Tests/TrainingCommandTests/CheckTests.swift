import Foundation
import XCTest

/// Jobs are checked before their first step, as a user would ask for it.
final class CheckTests: XCTestCase {
  private func table(_ row: (Int) -> (features: [Double], label: String)) -> String {
    "a,b,c,d,label\n"
      + (0..<200).map { place in
        let (features, label) = row(place)
        return (features.map { "\($0)" } + [label]).joined(separator: ",") + "\n"
      }.joined()
  }

  private func features(_ place: Int) -> [Double] { (1...4).map { sin(Double(place * $0)) } }

  func testTheDigitsAreHealthy() throws {
    let run = try CommandRun("check", "--overfit", "--rates")
    XCTAssertEqual(run.status, 0, run.output + run.errors)
    XCTAssertEqual(run.errors, "")
    let lines = run.output.split(separator: "\n").map(String.init)
    XCTAssertEqual(lines.first, "this machine")
    for name in [
      "processor", "memory", "arithmetic", "speed", "finite-values", "labels", "start-loss",
      "gradients", "inputs", "held-out", "overfit", "learning rate",
    ] {
      XCTAssertTrue(lines.contains { $0.hasPrefix("ok       \(name)") }, "\(name): \(run.output)")
    }
    XCTAssertTrue(lines.allSatisfy { $0.count <= 100 }, run.output)
    XCTAssertTrue(run.output.contains("try 0.0"), run.output)
  }

  func testARateAtWhichTheLossRisesIsTold() throws {
    let run = try CommandRun("check", "--rates", "--learning-rate", "1000")
    XCTAssertEqual(run.status, 1, run.output + run.errors)
    XCTAssertTrue(run.output.contains("warning  learning rate"), run.output)
    XCTAssertTrue(
      run.output.contains("learning rate 1000, the loss rises from a learning rate of "), run.output
    )
    XCTAssertTrue(run.output.contains("lower the learning rate, to 0.0"), run.output)
  }

  func testTheStatusTellsTheHealth() throws {
    let scratch = try Scratch(of: self)
    let warned = try scratch.file("one.csv", table { (features($0), "3") })
    let run = try CommandRun("check", "--csv", warned)
    XCTAssertEqual(run.status, 1, run.output + run.errors)
    XCTAssertTrue(
      run.output.contains("warning  labels          unusable labels (labels)"), run.output)
    XCTAssertTrue(run.output.contains("    cause     constant labels"), run.output)
    let large = try CommandRun("check", "--memory-limit", "20MB", "--batch-size", "1000")
    XCTAssertEqual(large.status, 2, large.output + large.errors)
    XCTAssertTrue(large.output.contains("out of memory"), large.output)
    XCTAssertTrue(large.output.contains("parts of the batch"), large.output)
  }

  func testAHealthyTableHasNoWarning() throws {
    let scratch = try Scratch(of: self)
    let path = try scratch.file(
      "fine.csv", table { (features($0), features($0)[0] > 0 ? "1" : "0") })
    let run = try CommandRun("check", "--csv", path)
    XCTAssertEqual(run.status, 0, run.output + run.errors)
  }

  func testResultsAreJSONLines() throws {
    let run = try CommandRun("check", "--json")
    XCTAssertEqual(run.status, 0, run.output)
    for line in run.output.split(separator: "\n") {
      let result = try XCTUnwrap(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], String(line))
      for key in ["check", "status", "detail"] { XCTAssertNotNil(result[key] as? String, key) }
      XCTAssertNotNil(result["findings"] as? [[String: Any]])
    }
  }

  func testWhatCannotBeReadIsOneLine() throws {
    for (words, sentence, status) in [
      (["--colour"], "unknown option --colour", 64), (["--resume"], "unknown option --resume", 64),
      (["--html", "a.html"], "unknown option --html", 64),
      (["--csv", "/nowhere/a.csv"], "/nowhere/a.csv", 66), (["--epochs", "0"], "above 0", 64),
    ] {
      let run = try CommandRun(["check"] + words)
      XCTAssertEqual(Int(run.status), status, run.errors)
      XCTAssertEqual(run.errors.split(separator: "\n").count, 1, run.errors)
      XCTAssertTrue(run.errors.contains(sentence), run.errors)
    }
  }

  func testHelp() throws {
    let run = try CommandRun("check", "--help")
    XCTAssertEqual(run.status, 0)
    XCTAssertTrue(run.output.contains("usage: training check"), run.output)
    XCTAssertTrue(try CommandRun("--help").output.contains("check"))
  }
}
