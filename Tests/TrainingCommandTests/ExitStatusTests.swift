import Foundation
import XCTest

/// What the help says of exit statuses is so, and is all of it.
final class ExitStatusTests: XCTestCase {
  private func assertTold(_ command: String, _ runs: [Int32: [String]]) throws {
    let help = try CommandRun(command, "--help").output
    let section = try XCTUnwrap(help.range(of: "exit status:"), help)
    let numbers = help[section.upperBound...].split { !$0.isNumber }.compactMap { Int32($0) }
    XCTAssertEqual(numbers, runs.keys.sorted())
    for (status, words) in runs {
      let run = try CommandRun([command] + words)
      XCTAssertEqual(run.status, status, "\(words): \(run.errors)")
    }
  }

  func testThoseOfTrain() throws {
    let scratch = try Scratch(of: self)
    let linear = ["--model", "linear", "--epochs", "1"]
    try assertTold(
      "train",
      [
        0: linear + ["--learning-rate", "100", "--clip", "0", "--doctor"],
        64: ["--colour"],
        65: ["--csv", scratch.file("t.csv", "1,x,0\n")],
        66: ["--csv", scratch.path("none")],
        70: [
          "--model", "mlp", "--optimizer", "sgd", "--learning-rate", "1e30", "--clip", "0",
          "--warmup", "0", "--epochs", "1",
        ],
        71: linear + ["--memory-limit", "1kB"],
        73: linear + ["--json", "/nowhere/a"],
      ])
  }

  func testThoseOfPlan() throws {
    let scratch = try Scratch(of: self)
    let model = try scratch.file("m.json", "{\"type\": \"mlp\", \"sizes\": [4, 4]}")
    try assertTold(
      "plan",
      [
        0: ["--model", model, "--budget", "1kB"], 64: ["--colour"],
        65: ["--model", scratch.file("x.json", "{")],
        73: ["--model", model, "--svg", "/nowhere/a"],
      ])
  }

  func testThoseOfDiagnose() throws {
    let help = try CommandRun("diagnose", "--help").output
    XCTAssertTrue(help.contains("0 healthy, 1 warnings, 2 a fault; 64 usage"), help)
  }
}
