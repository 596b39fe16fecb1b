import Foundation
import TrainingDiagnostics
import XCTest

/// Logs that are malformed, cut off or mutilated get one clear line, and never a trap.
final class LogErrorTests: XCTestCase {
  private func assertRefused(
    _ text: String, _ message: String, file: StaticString = #filePath, line: UInt = #line
  ) {
    assertRefused(Array(text.utf8), message, file: file, line: line)
  }

  private func assertRefused(
    _ bytes: [UInt8], _ message: String, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertThrowsError(try LogSamples.steps(bytes), file: file, line: line) {
      XCTAssertEqual("\($0)", message, file: file, line: line)
    }
  }

  private let known =
    "a column of numbers named loss, grad_norm, learning_rate, loss_scale, clip_factor, train_loss, "
    + "validation_loss or another usual name of these"

  func testLinesOfJSON() {
    let good = "{\"step\": 1, \"loss\": 2}\n"
    assertRefused("", "log: expected a log, got an empty file")
    assertRefused(" \n\n", "log: expected a log, got an empty file")
    assertRefused(good + "{\"step\": 2, \"loss\": }\n", "log:2: expected a value, got \"}\"")
    assertRefused(good + "{\"step\": 2, \"lo", "log:2: expected a closing quote, got \"\"lo\"")
    assertRefused(
      good + "{\"step\": 2,", "log:2: expected a name in quotes, got the end of the line")
    assertRefused(good + "{\"loss\": 2} x", "log:2: expected the end, got \"x\"")
    assertRefused(good + "[1, 2]\n", "log:2: expected an object, got 1.0")
    assertRefused(good + "{\"loss\": \"much\"}", "log:2: expected a number for loss, got \"much\"")
    assertRefused(good + "{\"loss\": 1e}", "log:2: expected a value, got \"1e}\"")
    assertRefused(
      good + String(repeating: "[", count: 100_000),
      "log:2: expected at most 64 levels, got \"\(String(repeating: "[", count: 40))…\"")
    assertRefused("{\"a\": 1}\n", "log: expected \(known), got the names a")
    assertRefused(
      "{\"step\": 1, \"time\": 2, \"acc\": {\"top1\": 3}}\n",
      "log: expected \(known), got the names step, time, acc/top1")
  }

  func testDocuments() {
    assertRefused(
      "{\n\"log_history\": [\n{\"loss\": 1},\n", "log:4: expected a value, got the end of the file")
    assertRefused("{\n\"log_history\": [3]}", "log:2: expected an object, got 3.0")
    assertRefused(
      "{\n\"log_history\": [\n{\"loss\": 1},\n{\"train\":\n{\"loss\": \"much\"}}\n]}",
      "log:5: expected a number for train/loss, got \"much\"")
    assertRefused(
      "{\"loss\": [1,\n2,\n[]]}", "log:3: expected a number for loss, got an array")
    assertRefused(
      "{\n\"log_history\": []}",
      "log: expected rows with numbers by their names, such as loss, got none")
    assertRefused("[{\"a\": 1}, {\"b\": 1}]", "log: expected \(known), got the names a, b")
  }

  func testTables() {
    assertRefused(
      "1,2\n3,4\n", "log:1: expected names of columns in the first line, got \"1,2\"")
    assertRefused("step,loss\n1,2\n3\n", "log:3: expected 2 columns, got 1")
    assertRefused("step,loss\n1,much\n", "log:2: expected a number in column loss, got \"much\"")
    assertRefused("step,loss\n1,0x10\n", "log:2: expected a number in column loss, got \"0x10\"")
    assertRefused(
      "step,time\n1,2\n",
      "log: expected \(known), got the columns step, time")
    assertRefused(
      "time,accuracy\n1,2\n3,4\n", "log: expected \(known), got the columns time, accuracy")
    assertRefused(
      "step,loss\n",
      "log: expected rows of numbers below the names of columns, got none below step, loss")
  }

  func testText() {
    assertRefused(
      "hello\nworld\n",
      "log: expected numbers behind names, such as loss=2.13, got none in 2 lines")
    assertRefused(
      [0x1F, 0x8B, 8, 0], "log: expected text or an event file, got gzip; unpack it first")
    assertRefused(
      [1, 2, 3, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13],
      "log: expected text or an event file at byte 0, got other bytes")
    XCTAssertThrowsError(try LogSamples.steps(Array(repeating: 0xFF, count: 1000)))
  }

  /// Found by fuzzing: a log's bytes went to the terminal as they were.
  func testMessagesSteerNoTerminal() {
    assertRefused("{\"loss\": \u{7F}\u{9B}2J", "log:1: expected a value, got \"  2J\"")
    assertRefused(
      "{\"step\": 1, \"loss\\n\\u001b\": \"x\"}",
      "log:1: expected a number for loss  , got \"x\"")
    assertRefused(
      "loss,\u{7F}step\u{1B}\nx,2\n", "log:2: expected a number in column loss, got \"x\"")
    assertRefused(
      "step,loss\u{7F}\u{7F}\n1,x\n", "log:2: expected a number in column loss  , got \"x\"")
    let long = "loss" + String(repeating: " ", count: 1000)
    assertRefused(
      "{\"\(long)\": {}, \"\(long)\": \"\"}",
      "log:1: expected a number for \(long.prefix(40))…, got \"\"")
  }

  /// Found by fuzzing: in small pieces the first line was judged before a zero behind it was seen.
  func testPiecesOfAnySizeAreRefusedAlike() throws {
    let log = Array("{\n \"log\u{0}\": 1}\n".utf8)
    for size in 1...log.count {
      var reader = LogReader(file: "log")
      XCTAssertThrowsError(
        try {
          for start in stride(from: 0, to: log.count, by: size) {
            try reader.read(log[start..<min(start + size, log.count)]) { _ in }
          }
          try reader.finish { _ in }
        }()
      ) {
        XCTAssertEqual(
          "\($0)", "log: expected text or an event file at byte 0, got other bytes", "\(size)")
      }
    }
  }

  func testEscapesAreFourDigits() {
    assertRefused(
      "{\"loss\": 1}\n{\"\\u+12f\": 1}\n",
      "log:2: expected four hexadecimal digits, got \"+12f\": 1}\"")
  }

  /// A device, or another program's mistake, on standard input.
  func testLogsWithoutEndAreRefusedBeforeMemoryIsFull() {
    let piece = [UInt8](repeating: UInt8(ascii: "7"), count: 1 << 24)
    let endless = [
      "": "log: expected a log that begins within 256 MiB, got a longer first line",
      "{\n": "log: expected a document of at most 256 MiB, got a larger one",
      "step,loss\n1,2\n": "log:3: expected a line of at most 256 MiB, got a longer one",
    ]
    for (start, message) in endless {
      var reader = LogReader(file: "log")
      XCTAssertThrowsError(
        try {
          try reader.read(Array(start.utf8)) { _ in }
          for _ in 0..<100 { try reader.read(piece) { _ in } }
        }()
      ) { XCTAssertEqual("\($0)", message) }
    }
  }

  func testStepsFarApartCostNoTrap() throws {
    let ends = ["9223372036854774784", "-9223372036854775808", "0", "9e99", "-9e99", "NaN"]
    for (first, second) in ends.flatMap({ first in ends.map { (first, $0) } }) {
      let rows = [first, second, "1", first].enumerated().map { place, step in
        "{\"step\": \(step), \"loss\": \(place + 1), \"val_loss\": \(place)}\n"
      }
      var record = RunRecord()
      for step in try LogSamples.steps(Array(rows.joined().utf8)) { record.append(step) }
      let run = ReportedRun(name: "far", record: record)
      XCTAssertFalse(HTMLReport(title: "far", runs: [run]).html.isEmpty)
      XCTAssertNotNil(SVGPlot(.loss, of: run)?.svg)
    }
  }

  func testEventFiles() throws {
    let bytes = LogSamples.eventFile
    let steps = try LogSamples.steps(bytes)
    XCTAssertEqual(
      Array(steps.prefix(2)),
      [
        StepRecord(step: 1, loss: 2.5, gradientNorm: 0.5),
        StepRecord(
          step: 2, loss: 1.25, gradientNorm: .infinity, learningRate: 0.25, lossScale: 1024,
          validationLoss: 3.5),
      ])
    XCTAssertEqual(steps[2].loss?.isNaN, true)
    assertRefused(
      Array(bytes.dropLast(3)),
      "log: expected a whole record at byte 510, got 45 bytes and the end of the file")
    // Every bit that is flipped is noticed.
    for place in bytes.indices {
      var broken = bytes
      broken[place] ^= 0x10
      XCTAssertThrowsError(try LogSamples.steps(broken), "byte \(place)")
    }
  }

  func testEveryTruncationIsReadOrRefused() {
    for sample in LogSamples.all {
      let whole = (try? LogSamples.steps(sample.bytes)) ?? []
      for count in sample.bytes.indices {
        var reader = LogReader(file: sample.name)
        var found: [StepRecord] = []
        do {
          try reader.read(sample.bytes[..<count]) { found.append($0) }
          try reader.finish { found.append($0) }
        } catch {
          XCTAssertTrue("\(error)".hasPrefix(sample.name), "\(error)")
          XCTAssertFalse("\(error)".contains("\n"), "\(error)")
        }
        // What came before the end is there in any case. The last one may lack what was cut off.
        let sure = found.dropLast()
        XCTAssertEqual(
          "\(Array(sure))", "\(Array(whole.prefix(sure.count)))", "\(sample.name) to \(count)")
      }
    }
  }

  func testMutilatedLogsCostNoTrap() {
    var noise = Noise(seed: 5)
    func random(_ count: Int) -> Int { Int(noise.uniform() * Double(count)) }
    let end = ContinuousClock.now + .seconds(3)
    var count = 0
    while ContinuousClock.now < end {
      let sample = LogSamples.all[random(LogSamples.all.count)]
      var bytes = sample.bytes
      for _ in 0...random(6) {
        let place = random(bytes.count)
        switch random(4) {
        case 0: bytes[place] = UInt8(random(256))
        case 1: bytes.insert(UInt8(random(256)), at: place)
        case 2: bytes.remove(at: place)
        default:
          bytes.replaceSubrange(
            place..<min(place + random(9), bytes.count), with: bytes.prefix(random(20)))
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if let steps = try? LogSamples.steps(bytes) { _ = Doctor.diagnose(steps) }
      count += 1
    }
    XCTAssertGreaterThan(count, 100)
  }
}
