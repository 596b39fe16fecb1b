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

  /// On a terminal a line tells what the demo is at, and makes room for what stays.
  func testALineTellsHowFarItIs() throws {
    let scratch = try Scratch(of: self)
    let arguments = ["demo", "--html", scratch.path("demo.html")]
    let text = try CommandRun.inTerminal(arguments, locale: "C.UTF-8", until: "untreated ").text
    let stages = text.split(separator: "\r").map(String.init)
    for name in ["healthy twin", "untreated", "treated"] {
      let line = "\u{1B}[2K\u{1B}[?7l   \(name): step "
      XCTAssertTrue(stages.contains { $0.hasPrefix(line) }, "\(name): \(stages.prefix(9))")
    }
    XCTAssertTrue(stages.contains { $0.hasPrefix("\u{1B}[2K   healthy twin  loss ") }, text)
  }

  func testNoLineIsWrittenOverElsewhere() throws {
    let scratch = try Scratch(of: self)
    let process = Process()
    process.executableURL = CommandRun.executable
    process.arguments = ["demo", "--html", scratch.path("demo.html")]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var text = ""
    while !text.contains("untreated ") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    process.terminate()
    process.waitUntilExit()
    XCTAssertTrue(text.contains("   healthy twin  loss "), text)
    XCTAssertFalse(text.contains { $0 == "\u{1B}" || $0 == "\r" }, text)
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
