import Foundation
import XCTest

/// Bad input gets one clear line on standard error and a non-zero exit.
final class BadInputTests: XCTestCase {
  private func assertRefused(
    _ run: CommandRun, _ sentence: String, status: Int32 = 64, file: StaticString = #filePath,
    line: UInt = #line
  ) {
    XCTAssertEqual(run.status, status, run.errors, file: file, line: line)
    XCTAssertEqual(
      run.errors.split(separator: "\n").count, 1, run.errors, file: file, line: line)
    XCTAssertTrue(run.errors.contains(sentence), run.errors, file: file, line: line)
  }

  func testOptions() throws {
    assertRefused(try CommandRun("train", "--colour"), "unknown option --colour")
    assertRefused(try CommandRun("train", "digits"), "unknown option digits")
    assertRefused(try CommandRun("learn"), "unknown command learn")
    assertRefused(try CommandRun("train", "--epochs"), "--epochs: expected N, got nothing")
    assertRefused(try CommandRun("train", "--epochs", "0"), "expected a whole number above 0")
    assertRefused(
      try CommandRun("train", "--learning-rate", "-1"), "expected a number above 0, got -1")
    assertRefused(try CommandRun("train", "--learning-rate", "nan"), "got nan")
    assertRefused(try CommandRun("train", "--model", "rnn"), "cnn, mlp, linear or gpt, got rnn")
    assertRefused(try CommandRun("train", "--clip", "-0.5"), "a number of 0 or more, got -0.5")
    assertRefused(try CommandRun("train", "--csv", "a", "--text", "b"), "got two")
    assertRefused(try CommandRun("train", "--model", "gpt"), "expected text for gpt")
    assertRefused(
      try CommandRun("train", "--json", "/nowhere/a.json"), "cannot write /nowhere", status: 73)
  }

  func testSizesBeyondAllMeasureAreRefused() throws {
    let largest = "\(Int.max)"
    let linear = ["train", "--model", "linear", "--epochs", "1"]
    for option in ["--hidden", "--layers", "--context", "--batch-size", "--accumulate"] {
      assertRefused(
        try CommandRun(linear + [option, largest]),
        "\(option): expected a whole number of at most 1000000, got \(largest)")
    }
    for option in ["--epochs", "--warmup", "--threads", "--generate", "--checkpoint-every"] {
      assertRefused(
        try CommandRun(linear + [option, largest]),
        "\(option): expected a whole number of at most 1000000000, got \(largest)")
    }
    for option in ["--batch-size", "--length"] {
      assertRefused(
        try CommandRun("plan", option, largest), "expected a whole number of at most 1000000")
    }
  }

  func testWhatCannotBeWrittenIsToldBeforeTheWork() throws {
    let scratch = try Scratch(of: self)
    let folder = scratch.folder.path
    for words in [
      ["train", "--html", folder], ["train", "--json", folder], ["demo", "--html", folder],
      ["plan", "--json", folder],
    ] {
      let run = try CommandRun(words)
      assertRefused(run, "cannot write \(folder): Is a directory", status: 73)
      XCTAssertEqual(run.output, "", "\(words)")
    }
    assertRefused(
      try CommandRun("demo", "--html", ""), "expected a file to write, got an empty name",
      status: 73)
    assertRefused(
      try CommandRun("train", "--checkpoint-dir", ""),
      "--checkpoint-dir: expected a folder, got an empty name")
    assertRefused(
      try CommandRun("train", "--checkpoint-dir", "/dev/null/a"), "/dev/null/a: expected to list",
      status: 73)
  }

  func testDevicesAreNotReadForEver() throws {
    for words in [["--csv", "/dev/zero"], ["--text", "/dev/zero"], ["--idx", "/dev/zero", "a"]] {
      for command in ["train", "check"] {
        assertRefused(
          try CommandRun([command] + words), "/dev/zero: expected a file with an end, got a device",
          status: 66)
      }
    }
  }

  func testTables() throws {
    let scratch = try Scratch(of: self)
    func refuse(_ text: String, _ sentence: String, line: UInt = #line) throws {
      let path = try scratch.file("table.csv", text)
      assertRefused(
        try CommandRun("train", "--csv", path), sentence, status: 65, line: line)
    }
    assertRefused(
      try CommandRun("train", "--csv", scratch.path("none")), "No such file", status: 66)
    try refuse("", "an empty file")
    try refuse("\n\n", "expected rows of numbers, got none")
    try refuse("1,2,0\n1,2,3,0\n", "table.csv:2: expected 3 columns, got 4")
    try refuse("1,2,0\n1,x,0\n", "table.csv:2: expected a number in column 2, got \"x\"")
    try refuse("1,2,0\n1,,0\n", "expected a number in column 2, got \"\"")
    try refuse("1,nan,0\n", "expected a number in column 2")
    try refuse("1,2,-1\n", "expected a label of 0 to 9999")
    try refuse("1,2,0.5\n", "expected a label of 0 to 9999")
    try refuse("1,2,10000\n", "expected a label of 0 to 9999")
    try refuse("1\n2\n", "expected features and a label, got one column")
    try refuse("1,2,0\n", "expected at least 5 rows")
  }

  func testImages() throws {
    let scratch = try Scratch(of: self)
    let labels = try scratch.file("labels", Data([0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 0, 1, 0]))
    func refuse(_ bytes: [UInt8], _ sentence: String, line: UInt = #line) throws {
      let images = try scratch.file("images", Data(bytes))
      assertRefused(
        try CommandRun("train", "--idx", images, labels), sentence, status: 65, line: line)
    }
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4]
    try refuse([0x1F, 0x8B, 8], "got gzip")
    try refuse([1, 2, 3, 4], "expected the bytes 0 0 8 3")
    try refuse(header, "expected elements for [4, 4, 4], got 0")
    try refuse(header + [UInt8](repeating: 1, count: 64), "expected 4 labels, got 5")
    let huge: [UInt8] = [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12)
    try refuse(huge, "expected elements for")
    assertRefused(try CommandRun("train", "--idx", labels), "--idx: expected IMAGES LABELS")
  }

  func testText() throws {
    let scratch = try Scratch(of: self)
    let short = try scratch.file("short.txt", "too short")
    assertRefused(
      try CommandRun("train", "--text", short), "expected at least 321 bytes", status: 65)
    let empty = try scratch.file("empty.txt", "")
    assertRefused(try CommandRun("train", "--text", empty), "an empty file", status: 65)
  }
}
