import Foundation
import XCTest

/// Logs are diagnosed as a user would ask for it.
final class DiagnoseTests: XCTestCase {
  /// A loss that falls, and with `explosion` goes up at the end.
  private func log(explosion: Bool) -> String {
    (0..<120).map { step in
      let growth = explosion && step >= 100 ? pow(3, Double(step - 99)) : 1
      let loss = (1 + 2 * exp(-Double(step) / 20) + 0.01 * sin(Double(step * step))) * growth
      return "{\"step\": \(step), \"loss\": \(loss), \"grad_norm\": \(0.5 * growth * growth)}\n"
    }.joined()
  }

  /// A run that learns its data by heart, as a table of epochs.
  private var overfitting: String {
    "epoch,loss,val_loss\n"
      + (0..<40).map { epoch in
        let (train, rise) = (2 * exp(-Double(epoch) / 8), max(0, Double(epoch - 12) / 40))
        return "\(epoch),\(train),\(0.5 + 1.5 * exp(-Double(epoch) / 4) + rise)\n"
      }.joined()
  }

  func testTheStatusTellsTheHealth() throws {
    let scratch = try Scratch(of: self)
    let healthy = try scratch.file("healthy.jsonl", log(explosion: false))
    let sick = try scratch.file("sick.jsonl", log(explosion: true))
    let warned = try scratch.file("warned.csv", overfitting)
    for (path, status, words) in [
      (healthy, 0, ": healthy: 120 steps\n"),
      (warned, 1, "warning, began at step 12, sure at step"),
      (sick, 2, "fault, began at step 100, sure at step 101: explosion"),
    ] {
      let run = try CommandRun("diagnose", path)
      XCTAssertEqual(Int(run.status), status, run.output + run.errors)
      XCTAssertTrue(run.output.hasPrefix(path + ": "), run.output)
      XCTAssertTrue(run.output.contains(words), run.output)
      XCTAssertEqual(run.errors, "")
    }
    let all = try CommandRun("diagnose", healthy, warned, sick)
    XCTAssertEqual(all.status, 2)
    let folder = try CommandRun("diagnose", scratch.folder.path)
    XCTAssertEqual(folder.status, 2)
    for name in ["healthy.jsonl: healthy", "sick.jsonl: sick", "warned.csv: sick"] {
      XCTAssertTrue(folder.output.contains(name), folder.output)
    }
  }

  func testFindingsAreJSONLinesOfAStableSchema() throws {
    let scratch = try Scratch(of: self)
    let sick = try scratch.file("sick.jsonl", log(explosion: true))
    let healthy = try scratch.file("healthy.jsonl", log(explosion: false))
    let run = try CommandRun("diagnose", "--json", sick, healthy)
    XCTAssertEqual(run.status, 2)
    let lines = run.output.split(separator: "\n")
    XCTAssertFalse(lines.isEmpty)
    for line in lines {
      let finding = try XCTUnwrap(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      XCTAssertEqual(finding["file"] as? String, sick)
      for key in ["symptom", "cause", "severity", "remedy"] {
        XCTAssertNotNil(finding[key] as? String, key)
      }
      XCTAssertNotNil(finding["step"] as? Int)
      XCTAssertNotNil(finding["confidence"] as? Double)
      XCTAssertNotNil(finding["evidence"] as? [String: Double])
      let words = finding["evidence_in_words"] as? String
      XCTAssertEqual(words?.hasPrefix("loss "), true, "\(line)")
      XCTAssertEqual(finding["began"] as? Int, 100)
    }
  }

  func testStandardInputIsReadAsItGrows() throws {
    let process = Process()
    process.executableURL = CommandRun.executable
    process.arguments = ["diagnose", "-"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data(log(explosion: true).utf8))
    // The finding comes while the log is still open.
    var text = ""
    while !text.contains("explosion") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { break }
      text += String(decoding: data, as: UTF8.self)
    }
    XCTAssertTrue(text.contains("fault, began at step 100, sure at step 101: explosion"), text)
    XCTAssertTrue(process.isRunning)
    try input.fileHandleForWriting.close()
    text += String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 2)
    XCTAssertTrue(text.contains("standard input: sick: 120 steps"), text)
  }

  /// The reader of a file has the steps behind an explosion; who reads as a log grows has not.
  func testAnExplosionThatPassedIsASpikeInAFile() throws {
    let scratch = try Scratch(of: self)
    let rows = (0..<200).map { step in
      let isHigh = step == 120 || step == 121
      let loss =
        (1 + 2 * exp(-Double(step) / 20) + 0.01 * sin(Double(step * step))) * (isHigh ? 18 : 1)
      return "{\"step\": \(step), \"loss\": \(loss), \"grad_norm\": \(isHigh ? 45 : 0.5)}"
    }
    let path = try scratch.file("spike.jsonl", rows.joined(separator: "\n"))
    let run = try CommandRun("diagnose", path)
    XCTAssertEqual(run.status, 0, run.output)
    XCTAssertTrue(run.output.contains("note at step 120: loss spike"), run.output)
    XCTAssertFalse(run.output.contains("explosion"), run.output)
  }

  func testStepsThatGoBackAreTold() throws {
    let scratch = try Scratch(of: self)
    let path = try scratch.file("two.jsonl", log(explosion: false) + log(explosion: false))
    let run = try CommandRun("diagnose", path)
    XCTAssertEqual(
      run.errors,
      "training: warning: \(path): steps go back from 119 to 0 at record 121: a run that was resumed, or several "
        + "in one file; they are read as one run, in the order of the file\n")
    XCTAssertTrue(run.output.contains("240 steps"), run.output)
  }

  func testWhatCannotBeReadIsOneLine() throws {
    let scratch = try Scratch(of: self)
    func refuse(_ words: [String], _ sentence: String, _ status: Int32) throws {
      let run = try CommandRun(["diagnose"] + words)
      XCTAssertEqual(run.status, status, run.errors)
      XCTAssertEqual(run.errors.split(separator: "\n").count, 1, run.errors)
      XCTAssertTrue(run.errors.hasPrefix("training: "), run.errors)
      XCTAssertTrue(run.errors.contains(sentence), run.errors)
    }
    try refuse([], "expected files, a folder or -, got none", 64)
    try refuse(["--colour", "a"], "unknown option --colour", 64)
    try refuse(["-x"], "unknown option -x", 64)
    try refuse([scratch.path("none")], "got No such file or directory", 66)
    try refuse([scratch.folder.path], "expected logs in the folder, got none", 66)
    let broken = try scratch.file(
      "a.jsonl", log(explosion: false) + "{\"step\": 120, \"loss\": x}\n")
    try refuse([broken], "a.jsonl:121: expected a value, got \"x}\"", 65)
    // What was read before is diagnosed all the same.
    XCTAssertTrue(
      try CommandRun("diagnose", broken).output.contains(
        ": as far as it could be read, healthy: 120 steps"))
    try refuse([try scratch.file("empty.csv", "")], "expected a log, got an empty file", 65)
    try refuse([try scratch.file("b.txt", "no numbers\n")], "expected numbers behind names", 65)
  }

  func testInAFolderOtherFilesArePassedOver() throws {
    let scratch = try Scratch(of: self)
    _ = try scratch.file("config.json", "{\"layers\": 3}")
    _ = try scratch.file("notes.txt", "hello\n")
    let only = try CommandRun("diagnose", scratch.folder.path)
    XCTAssertEqual(only.status, 66, only.errors)
    _ = try scratch.file("run.jsonl", log(explosion: false))
    let run = try CommandRun("diagnose", scratch.folder.path)
    XCTAssertEqual(run.status, 0, run.errors)
    let others = ["config.json", "notes.txt"].map { scratch.path($0) }.joined(separator: ", ")
    XCTAssertEqual(run.errors, "training: warning: no logs: \(others)\n")
    XCTAssertEqual(run.output.split(separator: "\n").count, 1, run.output)
  }

  func testReportsAreWritten() throws {
    let scratch = try Scratch(of: self)
    let healthy = try scratch.file("healthy.jsonl", log(explosion: false))
    let sick = try scratch.file("a <sick> run.jsonl", log(explosion: true))
    let broken = try scratch.file("broken.jsonl", log(explosion: false) + "x\n")
    let (page, folder) = (scratch.path("page.html"), scratch.path("pictures/of/runs"))
    let run = try CommandRun(
      "diagnose", healthy, sick, healthy, broken, "--html", page, "--svg", folder)
    XCTAssertEqual(run.status, 65, run.errors)
    let html = try String(contentsOfFile: page, encoding: .utf8)
    XCTAssertEqual(html.components(separatedBy: "<section class=\"run\"").count, 5)
    XCTAssertTrue(
      html.contains("<bdi>a &lt;sick&gt; run.jsonl</bdi>"), "the folder goes without saying")
    let names = ["a--sick--run.jsonl", "broken.jsonl", "healthy.jsonl", "healthy.jsonl-2"]
    XCTAssertEqual(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted(),
      names.flatMap { ["\($0)-gradient-norm.svg", "\($0)-loss.svg"] }.sorted())
    let quiet = try CommandRun("diagnose", "--json", sick, "--html", page)
    XCTAssertEqual(quiet.status, 2)
    XCTAssertTrue(quiet.output.hasPrefix("{"))
    XCTAssertTrue(
      try String(contentsOfFile: page, encoding: .utf8).contains("Diagnosis of a run"))
  }

  func testReportsThatCannotBeWrittenAreRefusedBeforeAnythingIsRead() throws {
    let scratch = try Scratch(of: self)
    let healthy = try scratch.file("healthy.jsonl", log(explosion: false))
    for (words, status) in [
      (["--html", scratch.path("no/page.html")], Int32(73)), (["--svg", healthy], 73),
      (["--html"], 64), (["--svg"], 64),
    ] {
      let run = try CommandRun(["diagnose", healthy] + words)
      XCTAssertEqual(run.status, status, run.errors)
      XCTAssertEqual(run.output, "")
      XCTAssertEqual(run.errors.split(separator: "\n").count, 1, run.errors)
    }
    let none = try CommandRun("diagnose", "--html", scratch.path("page.html"), scratch.path("none"))
    XCTAssertEqual(none.status, 66)
    XCTAssertFalse(FileManager.default.fileExists(atPath: scratch.path("page.html")))
  }

  func testATerminalShowsTheCourseOfTheLoss() throws {
    let scratch = try Scratch(of: self)
    let sick = try scratch.file("sick.jsonl", log(explosion: true))
    for (locale, mark) in [("C.UTF-8", "█"), ("C", "^")] {
      let (status, text) = try CommandRun.inTerminal(["diagnose", sick], locale: locale)
      XCTAssertEqual(status, 2, text)
      let line = text.split(whereSeparator: \.isNewline).first ?? ""
      XCTAssertTrue(line.contains("1 fault  ") && line.contains(mark), String(line))
      XCTAssertEqual(line.allSatisfy(\.isASCII), locale == "C", String(line))
    }
    let piped = try CommandRun("diagnose", sick, environment: ["LC_ALL": "C.UTF-8"])
    XCTAssertTrue(piped.output.hasPrefix("\(sick): sick: 120 steps, 1 fault\n"), piped.output)
  }

  func testHelp() throws {
    let run = try CommandRun("diagnose", "--help")
    XCTAssertEqual(run.status, 0)
    XCTAssertTrue(run.output.contains("usage: training diagnose"), run.output)
    XCTAssertTrue(try CommandRun("--help").output.contains("diagnose"))
  }
}
