import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// Steps know their batches, and findings name the examples.
final class BatchIdentityTests: XCTestCase {
  private static func loss(_ model: Sequential, _ batch: Batch) -> Tensor {
    crossEntropy(model(batch.x), batch.y)
  }

  func testAStepKnowsItsBatch() throws {
    let (ward, batches) = try batches(2)
    var watched = WatchedRun(ward.run, Self.loss)
    for batch in batches { _ = try watched.step(batch) }
    XCTAssertEqual(
      watched.record.steps.map(\.batch),
      [.examples(Array(100..<132)), .examples(Array(132..<164))])

    var inParts = WatchedRun(ward.run) { (model, part: Batch) in
      crossEntropy(model(part.x), part.y, reduction: .counted)
    }
    _ = try inParts.step([batches[0]])
    _ = try inParts.step(batches[1].split(size: 10))
    XCTAssertEqual(inParts.record.steps.map(\.batch), watched.record.steps.map(\.batch))

    var byPlaces = WatchedRun(ward.run) { (model, places: [Int]) in
      Self.loss(model, batches[places[0]])
    }
    _ = try byPlaces.step([1, 7])
    XCTAssertEqual(byPlaces.record.steps[0].batch, .examples([1, 7]))

    let items = ward.items(1)
    var unknown = WatchedRun(ward.run, Ward.loss)
    _ = try unknown.step(items[0])
    XCTAssertNil(unknown.record.steps[0].batch)
    var named = WatchedRun(ward.run, identity: { .name("odd: \($0.isOdd)") }, Ward.loss)
    _ = try named.step(items[0])
    XCTAssertEqual(named.record.steps[0].batch, .name("odd: false"))
  }

  func testBatchesAreKeptWithinBounds() throws {
    var record = RunRecord(capacity: 4)
    for step in 0..<10 {
      let count = step == 9 ? RunRecord.examplesPerStep + 1 : RunRecord.examplesPerStep
      record.append(StepRecord(step: step, loss: 1, batch: .examples(Array(0..<count))))
    }
    XCTAssertEqual(record.steps.filter { $0.batch != nil }.map(\.step), [6, 7, 8])
    for batch in [BatchIdentity.examples([3, 1]), .name("file 7")] {
      let step = StepRecord(step: 1, batch: batch)
      XCTAssertFalse(step.isEmpty)
      let data = try JSONEncoder().encode(step)
      XCTAssertEqual(try JSONDecoder().decode(StepRecord.self, from: data), step)
    }
    let text = String(
      decoding: try JSONEncoder().encode([BatchIdentity.examples([3])]), as: UTF8.self)
    XCTAssertEqual(text, "[[3]]")
  }

  func testExamplesThatAreNotFiniteAreNamed() throws {
    let (ward, batches) = try batches(11)
    var sick = batches[10]
    let spoiled = Tensor((0..<32).map { $0 == 5 || $0 == 20 ? Float.infinity : 0 }, shape: [32, 1])
    sick.x = sick.x + spoiled
    let parts = sick.split(size: 12)

    var watched = WatchedRun(ward.run, Self.loss)
    for batch in batches.dropLast() { _ = try watched.step(batch) }
    let finding = try XCTUnwrap(try watched.step(sick).findings.first)
    XCTAssertEqual(finding.cause, .badInput, "\(finding)")
    XCTAssertEqual(finding.examples, [425, 440])
    XCTAssertTrue("\(finding)".contains(", examples 425, 440: "), "\(finding)")
    let data = try JSONEncoder().encode(finding)
    XCTAssertEqual(try JSONDecoder().decode(Finding.self, from: data), finding)

    var inParts = WatchedRun(ward.run) { (model, part: Batch) in
      crossEntropy(model(part.x), part.y, reduction: .counted)
    }
    XCTAssertEqual(try inParts.step(parts).findings.first?.examples, [425, 440])

    var named = WatchedRun(ward.run, identity: { _ in .name("file 7") }) {
      (model, item: Ward.Item) in Ward.loss(model, item)
    }
    var item = ward.items(1)[0]
    item.x = item.x + Double.infinity
    let other = try XCTUnwrap(try named.step(item).findings.first)
    XCTAssertEqual(other.examples, [])
    XCTAssertEqual(other.cause, .badInput, "\(other)")
  }

  func testTheExamplesOfAnUnusualBatchAreNamed() throws {
    // The second one is told once it is over, on another batch.
    for (factor, symptom) in [(-40.0, Symptom.explosion), (-4, .lossSpike)] {
      let (ward, batches) = try batches(90)
      var watched = WatchedRun(ward.run, Self.loss)
      for (place, var batch) in batches.enumerated() {
        if place == 60 { batch.x = batch.x * factor }
        _ = try watched.step(batch)
      }
      let found = watched.diagnosis().findings
      let finding = try XCTUnwrap(
        found.first { $0.symptom == symptom }, "\(watched.diagnosis())")
      XCTAssertEqual(finding.step, 60, "\(finding)")
      XCTAssertEqual(finding.cause, .dataOutlier, "\(finding)")
      XCTAssertEqual(finding.examples, batches[60].indices)
      XCTAssertTrue("\(finding)".contains("2027, … (32)"), "\(finding)")
    }
  }

  /// A small network, and batches of examples from the hundredth on.
  private func batches(
    _ count: Int, rate: Double = 1e-3
  ) throws -> (ward: Ward, batches: [Batch]) {
    let ward = try Ward(seed: 1, rate: rate)
    let batches = ward.items(count).enumerated().map { place, item in
      Batch(x: item.x, y: item.y, indices: Array((100 + 32 * place)..<(132 + 32 * place)))
    }
    return (ward, batches)
  }
}

extension BatchIdentityTests {
  /// What is found of a run that is resumed at step 60 with the batches of these numbers.
  private func resumed(_ numbers: [Int], lossFactor: Double = 1) -> [Finding] {
    var noise = Noise(seed: 4)
    var doctor = Doctor()
    for (step, number) in (Array(0..<60) + numbers).enumerated() {
      if step == 60 { doctor.noteResume(at: step) }
      let loss = 2 * noise.factor(0.01) * (step < 60 ? 1 : lossFactor)
      doctor.observe(StepRecord(step: step, loss: loss, batch: .examples([number])))
    }
    return doctor.findings.filter { $0.symptom == .resumeJump }
  }

  func testBatchesThatComeAgainBehindAResumeAreTold() throws {
    let finding = try XCTUnwrap(resumed(Array(20..<100)).first)
    XCTAssertEqual(finding.cause, .repeatedData, "\(finding)")
    XCTAssertEqual(finding.step, 60)
    XCTAssertEqual(finding.evidence["repeated_batches"], 40)
    XCTAssertEqual(finding.evidence["steps_ago"], 40)
  }

  func testBatchesOfANewEpochAreNotTold() {
    XCTAssertEqual(resumed(Array(60..<140)), [], "new data")
    XCTAssertEqual(resumed(Array(0..<60) + Array(0..<60)), [], "the epochs begin with the same")
    XCTAssertEqual(resumed([3, 50, 7, 8, 1, 0, 12, 13, 14, 60, 61]), [], "drawn anew")
    XCTAssertEqual(resumed(Array(60..<140), lossFactor: 0.8), [], "lower, and on new data")
    XCTAssertEqual(resumed(Array(20..<100), lossFactor: 0.8).first?.cause, .repeatedData)
  }
}
