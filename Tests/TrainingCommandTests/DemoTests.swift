import XCTest

/// `training demo` as a user calls it. What it plays is run by the page check, which opens its page.
final class DemoTests: XCTestCase {
  func testHelp() throws {
    let run = try CommandRun("demo", "--help")
    XCTAssertEqual(run.status, 0)
    XCTAssertTrue(run.output.hasPrefix("usage: training demo"))
    for option in ["--html FILE", "--svg FOLDER", "--seed N", "--threads N"] {
      XCTAssertTrue(run.output.contains(option), option)
    }
  }

  func testWhatIsWrongIsOneLineBeforeAnythingIsPlayed() throws {
    let cases: [([String], Int32)] = [
      (["--seed", "x"], 64), (["--threads", "0"], 64), (["--nonsense"], 64), (["--html"], 64),
      (["--html", "/nowhere/at/all.html"], 73), (["--svg", "/dev/null/pictures"], 73),
    ]
    for (arguments, status) in cases {
      let run = try CommandRun(["demo"] + arguments)
      XCTAssertEqual(run.status, status, "\(arguments)")
      XCTAssertEqual(run.output, "", "\(arguments)")
      XCTAssertEqual(run.errors.split(separator: "\n").count, 1, "\(arguments): \(run.errors)")
    }
  }
}
