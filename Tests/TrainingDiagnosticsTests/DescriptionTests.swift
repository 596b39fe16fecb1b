import TrainingDiagnostics
import TrainingKit
import XCTest

/// What is printed of outcomes and results is a line that people read.
final class DescriptionTests: XCTestCase {
  private func assertReadable(
    _ text: String, _ start: String, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertTrue(text.hasPrefix(start), text, file: file, line: line)
    for raw in ["TrainingKit.", "TrainingDiagnostics.", "Optional("] {
      XCTAssertFalse(text.contains(raw), text, file: file, line: line)
    }
    XCTAssertLessThan(text.split(separator: "\n")[0].count, 250, text, file: file, line: line)
  }

  private func batch(of ward: Ward) -> Batch {
    let item = ward.items(1)[0]
    return Batch(x: item.x, y: item.y, indices: Array(0..<item.y.count))
  }

  func testStepsOfARun() throws {
    let ward = try Ward(seed: 1)
    var run = ward.run
    let batch = batch(of: ward)
    assertReadable("\(batch)", "32 examples: x [32, ")
    let outcome = try run.step { crossEntropy($0(batch.x), batch.y) }
    assertReadable("\(outcome)", "step 0 applied: loss ")
    XCTAssertTrue("\(outcome)".contains(", learning rate "), "\(outcome)")
    assertReadable("\(outcome.report)", "step 0: loss ")
    assertReadable("\(run)", "run after 1 step: ")
    let skipped = try run.step { crossEntropy($0(batch.x), batch.y) * Float.nan }
    XCTAssertEqual("\(skipped)", "step 1 skipped: the loss is nan")
    var record = RunRecord()
    record.append(StepRecord(step: 7, loss: 2.5, gradientNorm: 1))
    XCTAssertEqual("\(record)", "1 step, the last: step 7: loss 2.5, gradient norm 1")
    var watched = WatchedRun(ward.run) { (model, batch: Batch) in
      crossEntropy(model(batch.x), batch.y)
    }
    let step = try watched.step(batch)
    assertReadable("\(step)", "step ")
    assertReadable("\(watched)", "healthy: 1 step")
    assertReadable("\(watched.doctor)", "healthy: 1 step")
  }

  func testAPreflight() throws {
    let ward = try Ward(seed: 1)
    let batch = batch(of: ward)
    let preflight = Preflight(of: ward.run, on: [batch]) { (model, batch: Batch) in
      crossEntropy(model(batch.x), batch.y)
    }
    let results = try preflight.results()
    let passed = try XCTUnwrap(results.first { $0.findings.isEmpty })
    XCTAssertEqual("\(passed)", "\(passed.check): ok, \(passed.statement)")
    assertReadable("\(try preflight.learningRateRange(steps: 30))", "")
    assertReadable("\(try preflight.overfit(steps: 20))", "loss of one batch from ")
  }
}
