import Foundation
import XCTest

/// A doctor beside a job: it changes no bit, or treats and says so.
final class TrainDoctorTests: XCTestCase {
  private struct Summary: Decodable {
    struct Finding: Decodable { let symptom, cause: String }
    struct Treatment: Decodable {
      let finding: Finding
      let from: Int
    }
    let lossPerEpoch, accuracyPerEpoch, heldOutAccuracyPerEpoch: [Double]
    let finalAccuracy: Double
    let steps, skippedSteps: Int
    let findings: [Finding]?
    let treatments: [Treatment]?
  }

  /// Runs a job, and reads its summary.
  private func train(_ words: [String], _ scratch: Scratch) throws -> (
    output: String, summary: Summary
  ) {
    let run = try CommandRun(["train"] + words + ["--json", scratch.path("summary.json")])
    XCTAssertEqual(run.status, 0, run.errors)
    XCTAssertEqual(run.errors, "")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let summary = try decoder.decode(Summary.self, from: data(scratch))
    return (run.output, summary)
  }

  private func data(_ scratch: Scratch) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.path("summary.json")))
  }

  /// A table of three heaps, a twentieth of whose labels are those of another heap.
  func testWrongLabelsAreNamedByTheirRows() throws {
    struct Summary: Decodable {
      struct Finding: Decodable {
        let cause: String
        let examples: [Int]?
      }
      let findings: [Finding]
    }
    let scratch = try Scratch(of: self)
    let wrong = (0..<600).filter { $0 % 25 == 7 }
    let rows = (0..<600).map { row in
      let heap = row * row % 7 % 3
      let (x, y) = (sin(Double(row * 37)), cos(Double(row * 53)))
      let label = wrong.contains(row) ? (heap + 1) % 3 : heap
      return "\(x + (heap == 1 ? 4 : 0)),\(y + (heap == 2 ? 4 : 0)),\(label)"
    }
    let table = try scratch.file("t.csv", rows.joined(separator: "\n"))
    let path = scratch.path("s.json")
    let run = try CommandRun(
      "train", "--csv", table, "--doctor", "--model", "linear", "--json", path)
    XCTAssertEqual(run.status, 0, run.errors)
    let summary = try JSONDecoder().decode(
      Summary.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    let found = summary.findings.first { $0.cause == "wrong_labels" }?.examples ?? []
    XCTAssertEqual(Set(found).subtracting(wrong), [], run.output)
    XCTAssertGreaterThanOrEqual(found.count, wrong.count - 2, run.output)
    XCTAssertTrue(run.output.contains("noisy labels (examples "), run.output)
  }

  func testRemediesAreShownWhileTheyAreTried() throws {
    let job = [
      "train", "--model", "mlp", "--optimizer", "sgd", "--learning-rate", "30", "--clip", "0",
      "--warmup", "0", "--epochs", "1", "--doctor=treat",
    ]
    let run = try CommandRun.inTerminal(job, locale: "en_US.UTF-8")
    XCTAssertTrue(run.text.contains("\r\u{1B}[2K\u{1B}[?7ltrial 1: "), run.text)
    XCTAssertTrue(run.text.contains(": divide the learning rate by 10 …"), run.text)
    XCTAssertFalse(try CommandRun(job).output.contains("trial 1"))
  }

  func testAHealthyJobIsTheSameWithADoctor() throws {
    let scratch = try Scratch(of: self)
    // Dropped units, an average, parts and a loss scale: all that a replay could disturb.
    let job = [
      "--model", "cnn", "--hidden", "32", "--batch-size", "48", "--epochs", "2", "--accumulate",
      "2",
      "--ema", "0.9", "--precision", "float16",
    ]
    func summary(_ words: String...) throws -> (output: String, all: NSDictionary) {
      let output = try train(job + words, scratch).output
      let object = try JSONSerialization.jsonObject(with: data(scratch))
      var all = try XCTUnwrap(object as? [String: Any])
      for name in ["seconds", "stepsPerSecond", "findings"] { all[name] = nil }
      return (output, all as NSDictionary)
    }
    let plain = try summary()
    XCTAssertFalse(plain.output.contains("healthy"), plain.output)
    let page = scratch.path("page.html")
    let watched = try summary("--doctor", "--html", page)
    XCTAssertEqual(watched.all, plain.all)
    XCTAssertEqual(try summary("--doctor=treat").all, plain.all)
    let line = watched.output.split(separator: "\n").first { $0.hasPrefix("epoch 2/2") }
    XCTAssertTrue(line?.contains("  healthy  ") ?? false, watched.output)
    XCTAssertTrue(watched.output.contains("doctor                     healthy: 60 steps"))
    let html = try String(contentsOfFile: page, encoding: .utf8)
    for plot in ["gradients", "update-ratios", "memory"] {
      XCTAssertTrue(html.contains("data-plot=\"\(plot)\""), plot)
    }
    XCTAssertTrue(html.contains("class=\"panel health\""), "activations")
  }

  /// What a job is, and the cause that the doctor finds.
  private static let sickJobs = [
    (
      [
        "--epochs", "6", "--optimizer", "sgd", "--learning-rate", "30", "--clip", "0", "--warmup",
        "0",
      ], "learning_rate_too_high"
    ), (["--epochs", "10", "--learning-rate", "1e-7"], "learning_rate_too_low"),
  ]

  func testASickJobIsTreated() throws {
    let scratch = try Scratch(of: self)
    for (words, cause) in Self.sickJobs {
      let job = ["--model", "mlp"] + words
      let sick = try train(job, scratch).summary
      let page = scratch.path("page.html")
      let (output, healed) = try train(job + ["--doctor=treat", "--html", page], scratch)
      let (before, after) = (try XCTUnwrap(sick.lossPerEpoch.last), healed.lossPerEpoch.last!)
      XCTAssertGreaterThan(before, 2.3)
      XCTAssertLessThan(after, before - 0.2, output)
      XCTAssertGreaterThan(healed.finalAccuracy, sick.finalAccuracy + 0.4, output)
      let treatment = try XCTUnwrap(healed.treatments?.first, output)
      XCTAssertEqual(treatment.finding.cause, cause)
      let lines = output.split(separator: "\n")
      // A treatment that was weighed again is told again, and takes the place of the first.
      let told = try XCTUnwrap(lines.last { $0.hasPrefix("  treatment of ") }, output)
      XCTAssertTrue(told.contains(": back to step \(treatment.from) and "), output)
      XCTAssertTrue(told.contains(" the learning rate by "), output)
      XCTAssertTrue(lines.contains { $0 == "treatments                 1" }, output)
      XCTAssertTrue(lines.contains { told.hasSuffix($0.dropFirst(2)) && $0 != told }, output)
      XCTAssertTrue(
        lines.last { $0.hasPrefix("epoch ") }?.contains("  healthy, 1 treatment  ") ?? false, output
      )
      let html = try String(contentsOfFile: page, encoding: .utf8)
      XCTAssertTrue(html.contains("id=\"run-1-treatment-1\""))
    }
  }

  func testStepsThatWereTakenBackAreNoPartOfTheSummary() throws {
    let scratch = try Scratch(of: self)
    let folder = scratch.path("checkpoints")
    let job = ["--model", "mlp"] + Self.sickJobs[0].0 + ["--epochs", "1", "--doctor=treat"]
    let (output, summary) = try train(job + ["--checkpoint-dir", folder], scratch)
    XCTAssertLessThan(summary.lossPerEpoch[0], 2.3, output)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    XCTAssertEqual(names.count, 2, "after the treatment, and at the end: \(names)")
  }

  func testWatchingAloneChangesNothingOfASickJob() throws {
    let scratch = try Scratch(of: self)
    let job = ["--model", "mlp"] + Self.sickJobs[0].0
    let sick = try train(job, scratch).summary
    let (output, watched) = try train(job + ["--doctor"], scratch)
    XCTAssertEqual(watched.lossPerEpoch, sick.lossPerEpoch)
    XCTAssertEqual(watched.accuracyPerEpoch, sick.accuracyPerEpoch)
    XCTAssertEqual(watched.findings?.first?.cause, "learning_rate_too_high", output)
    XCTAssertNil(watched.treatments)
    let line = output.split(separator: "\n").last { $0.hasPrefix("epoch ") }
    XCTAssertTrue(line?.contains(" fault") ?? false, output)
  }

  func testWhatIsWrongBeforeTheFirstStepIsToldBeforeIt() throws {
    let scratch = try Scratch(of: self)
    let rows = (0..<128).map { "\($0 * 37 % 100),\($0 * 53 % 100),\($0 < 64 ? 0 : 2)" }
    let table = try scratch.file("t.csv", "a,b,label\n" + rows.joined(separator: "\n"))
    let (output, summary) = try train(
      ["--csv", table, "--epochs", "1", "--optimizer", "sgd", "--momentum", "0.999", "--doctor"],
      scratch)
    let told = try XCTUnwrap(output.range(of: "note at step 0: unusual setting"), output)
    XCTAssertLessThan(told.lowerBound, try XCTUnwrap(output.range(of: "\nepoch 1/1")).lowerBound)
    XCTAssertTrue(summary.findings?.contains { $0.symptom == "unusual_setting" } ?? false)
  }

  func testAPlateauLowersTheRateThatWasTreated() throws {
    let scratch = try Scratch(of: self)
    let rows = (0..<125).map { row -> String in
      let (a, b) = (row * 37 % 100, row * 71 % 29)
      return "\(Double(a) / 10 - 5),\(Double(row * 53 % 100) / 10 - 5),\(a + b > 60 ? 1 : 0)"
    }
    let table = try scratch.file("t.csv", "a,b,label\n" + rows.joined(separator: "\n"))
    let (output, summary) = try train(
      [
        "--csv", table, "--hidden", "16", "--epochs", "20", "--batch-size", "25", "--optimizer",
        "sgd", "--learning-rate", "100", "--clip", "0", "--warmup", "0", "--schedule", "plateau",
        "--doctor=treat",
      ], scratch)
    XCTAssertNotNil(summary.treatments, output)
    let lines = output.split(separator: "\n").filter { $0.hasPrefix("epoch ") }
    let rates = try lines.map { line in
      try XCTUnwrap(Double(line.components(separatedBy: "rate ")[1].prefix { $0 != " " }))
    }
    XCTAssertLessThan(rates[0], 2, output)
    XCTAssertLessThan(try XCTUnwrap(rates.last), 0.2 * rates[0], output)
    XCTAssertEqual(rates, rates.sorted(by: >), output)
  }

  func testATreatedJobIsResumedAsItWasTreated() throws {
    let scratch = try Scratch(of: self)
    let folder = scratch.path("checkpoints")
    // A rate is in the schedule, which a checkpoint holds; clipping is a setting, which it has to agree with.
    for (words, remedy) in [
      (Self.sickJobs[0].0, "divide the learning rate"),
      (
        ["--epochs", "8", "--optimizer", "sgd", "--learning-rate", "0.05", "--clip", "0.01"],
        "do not clip"
      ),
    ] {
      let job = ["--model", "mlp"] + words + ["--checkpoint-dir", folder]
      let (told, whole) = try train(job + ["--doctor=treat"], scratch)
      XCTAssertTrue(told.contains(" and \(remedy)"), told)
      let count = try XCTUnwrap(whole.treatments).count
      // As if it had been killed in the last epoch.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      try FileManager.default.removeItem(atPath: "\(folder)/\(try XCTUnwrap(names.last))")
      let (output, resumed) = try train(job + ["--resume"], scratch)
      XCTAssertTrue(output.contains("going on after step"), output)
      XCTAssertEqual(resumed.lossPerEpoch, whole.lossPerEpoch)
      XCTAssertEqual(resumed.heldOutAccuracyPerEpoch, whole.heldOutAccuracyPerEpoch)
      XCTAssertEqual(resumed.treatments?.count, count)
      XCTAssertTrue(output.contains("treatments                 \(count)"))
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  func testAJobThatFitsWithoutADoctorFitsWithOne() throws {
    let scratch = try Scratch(of: self)
    let job = [
      "--model", "mlp", "--hidden", "1024", "--epochs", "1", "--threads", "2", "--memory-limit",
      "2200kB",
    ]
    let plain = try train(job, scratch).summary
    let (output, watched) = try train(job + ["--doctor"], scratch)
    XCTAssertTrue(output.contains("  memory is too small for what the doctor keeps"), output)
    XCTAssertEqual(watched.lossPerEpoch, plain.lossPerEpoch)
    XCTAssertEqual(watched.heldOutAccuracyPerEpoch, plain.heldOutAccuracyPerEpoch)
  }

  func testAnotherWordIsAUsageError() throws {
    for word in ["cure", "", "TREAT", "treat,watch"] {
      let run = try CommandRun("train", "--doctor=\(word)")
      XCTAssertEqual(run.status, 64)
      XCTAssertEqual(
        run.errors, "training: expected --doctor or --doctor=treat, got --doctor=\(word)\n")
      XCTAssertEqual(run.output, "")
    }
    XCTAssertTrue(try CommandRun("train", "--help").output.contains("  --doctor[=treat]  "))
  }
}
