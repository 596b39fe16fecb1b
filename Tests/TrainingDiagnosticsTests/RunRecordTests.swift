import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// Records of steps: filled by hand or by a run, bounded, and the same after a round trip.
final class RunRecordTests: XCTestCase {
  func testAShortRunIsKeptWhole() {
    var record = RunRecord(capacity: 16)
    for step in 0..<16 { record.append(StepRecord(step: step, loss: Double(step))) }
    XCTAssertEqual(record.steps.map(\.step), Array(0..<16))
    XCTAssertEqual(record.count, 16)
  }

  func testOldStepsAreThinnedAndTheLastOnesAreNot() {
    var record = RunRecord(capacity: 100)
    for step in 0..<100_000 { record.append(StepRecord(step: step, loss: 1)) }
    let steps = record.steps.map(\.step)
    XCTAssertEqual(record.count, 100_000)
    XCTAssertEqual(Array(steps.suffix(100)), Array(99_900..<100_000))
    XCTAssertLessThanOrEqual(steps.count, 200)
    XCTAssertGreaterThanOrEqual(steps.count, 150)
    XCTAssertEqual(steps, steps.sorted())
    XCTAssertEqual(steps[0], 0)
    // What is thinned is spread evenly.
    let gaps = zip(steps, steps.dropFirst()).prefix(40).map { $1 - $0 }
    XCTAssertEqual(Set(gaps).count, 1)
  }

  func testEvaluationsAreNotThinnedAway() {
    var record = RunRecord(capacity: 100)
    for step in 0..<10_000 {
      record.append(StepRecord(step: step, loss: 1, validationLoss: step % 333 == 0 ? 2 : nil))
    }
    XCTAssertEqual(record.steps.filter { $0.validationLoss != nil }.count, 31)
  }

  func testRecordsSurviveCoding() throws {
    var record = RunRecord(capacity: 10)
    for step in 0..<55 {
      record.append(
        StepRecord(
          step: step, loss: step % 7 == 0 ? .nan : 0.1 * Double(step), lossScale: 65_536,
          skip: step % 7 == 0 ? .overflow : nil))
    }
    let data = try JSONEncoder().encode(record)
    let copy = try JSONDecoder().decode(RunRecord.self, from: data)
    XCTAssertEqual(copy.steps.count, record.steps.count)
    for (a, b) in zip(copy.steps, record.steps) {
      XCTAssertEqual(a.step, b.step)
      XCTAssertEqual(a.skip, b.skip)
      XCTAssertTrue(a.loss == b.loss || (a.loss!.isNaN && b.loss!.isNaN))
    }
  }

  func testARecordThatNobodyWroteIsRefused() throws {
    var record = RunRecord(capacity: 4)
    for step in 0..<20 { record.append(StepRecord(step: step, loss: 1)) }
    let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
    XCTAssertNoThrow(try JSONDecoder().decode(RunRecord.self, from: Data(text.utf8)))
    for name in ["oldest", "capacity", "count", "stride", "seen"] {
      for value in ["-1", "0", "99"] {
        let pattern = "\"\(name)\":[0-9]+"
        let changed = text.replacingOccurrences(
          of: pattern, with: "\"\(name)\":\(value)", options: .regularExpression)
        // What can be read can be used.
        guard var found = try? JSONDecoder().decode(RunRecord.self, from: Data(changed.utf8)) else {
          continue
        }
        XCTAssertFalse(value == "-1", "\(name)")
        for step in 0..<20 { found.append(StepRecord(step: step)) }
        XCTAssertGreaterThan(found.steps.count, 3)
      }
    }
  }

  func testAStepIsWrittenUnderTheNamesOfItsColumns() throws {
    let step = StepRecord(step: 3, loss: 1.5, gradientNorm: .infinity, trainLoss: 2)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(step), as: UTF8.self)
    XCTAssertEqual(text, #"{"gradient_norm":"inf","loss":1.5,"step":3,"train_loss":2}"#)
    XCTAssertEqual(try JSONDecoder().decode(StepRecord.self, from: Data(text.utf8)), step)
    let wrong = Data(#"{"step":3,"loss":"much"}"#.utf8)
    XCTAssertThrowsError(try JSONDecoder().decode(StepRecord.self, from: wrong))
  }

  func testARunFillsARecord() throws {
    var run = TrainingRun(
      model: Linear(2, 1), optimizer: SGD(), schedule: .constant(0.1), clipping: .globalNorm(1))
    var record = RunRecord()
    let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    record.append(try run.step { model in model(x).square().mean() })
    record.append(try run.step { model in model(x).sum() * Tensor(Float.nan) })
    let steps = record.steps
    XCTAssertEqual(steps.map(\.step), [0, 1])
    XCTAssertEqual(steps[0].learningRate, 0.1)
    XCTAssertNotNil(steps[0].gradientNorm)
    XCTAssertNotNil(steps[0].clipFactor)
    XCTAssertNil(steps[0].skip)
    XCTAssertEqual(steps[1].skip, .nonFinite)
    XCTAssertEqual(steps[1].loss?.isNaN, true)
  }
}
