import TrainingKit
import XCTest

/// What cannot be replayed is refused, and nothing has changed then.
final class RecordingErrorTests: XCTestCase {
  private let x = RandomGenerator(seed: 1).normal([6, 4])
  private let y = RandomGenerator(seed: 2).normal([6, 3])

  private func makeRun() -> TrainingRun<Patient> {
    let generator = RandomGenerator(seed: 7)
    var run = TrainingRun(
      model: withRandomGenerator(generator) { Patient() }, optimizer: Adam(),
      schedule: .constant(0.01), generator: generator)
    run.isCompiled = true
    return run
  }

  /// The error of a first step.
  private func error(
    of loss: (Patient, [Tensor]) throws -> Tensor, line: UInt = #line
  ) throws -> RecordingError? {
    var run = makeRun()
    let (before, random) = (run.model.state(), run.generator!.state)
    var found: RecordingError?
    XCTAssertThrowsError(try run.step(on: [x], loss), line: line) { found = $0 as? RecordingError }
    for (path, value) in run.model.state() {
      XCTAssertTrue(value.isIdentical(to: before[path]!), path, line: line)
    }
    XCTAssertEqual(run.generator!.state, random, line: line)
    XCTAssertEqual(run.steps, 0, line: line)
    return found
  }

  func testATensorFromOutsideIsRefused() throws {
    XCTAssertEqual(
      try error { meanSquaredError($0($1[0]), self.y) }, .captured(operation: "sub", path: ""))
    XCTAssertEqual(
      try error { model, _ in model(self.x).square().mean() },
      .captured(operation: "matmul", path: "input"))
    let labels = Tensor([0, 1, 2, 0, 1, 2])
    XCTAssertEqual(
      try error { crossEntropy($0($1[0]), labels) }, .captured(operation: "crossEntropy", path: ""))
    let outside = Parameter(.ones([3]))
    XCTAssertEqual(
      try error { ($0($1[0]) * outside.value).mean() }, .captured(operation: "mul", path: ""))
  }

  func testElementsThatTheLossReadsAreRefused() throws {
    func refuse(_ operation: String, line: UInt = #line, _ read: (Tensor) -> Void) throws {
      let found = try error(
        of: { model, inputs in
          let y = model(inputs[0])
          read(y)
          return y.square().mean()
        }, line: line)
      XCTAssertEqual(found, .read(operation: operation, path: ""), line: line)
    }
    try refuse("item") { _ = $0.sum().item() }
    try refuse("copy") { _ = $0.elements(Float.self) }
    try refuse("copy") { _ = $0.elements(Double.self) }
    try refuse("statistics") { _ = $0.statistics }
    try refuse("item") { _ = $0.isIdentical(to: $0) }
    try refuse("copy") { _ = "\($0)" }
  }

  func testOtherRandomNumbersAreRefused() throws {
    let other = RandomGenerator(seed: 8)
    XCTAssertEqual(
      try error { $0($1[0].dropout(0.5, generator: other)).square().mean() },
      .random(operation: "random numbers", path: ""))
    var run = makeRun()
    run.generator = RandomGenerator(mersenneTwister: 3)
    XCTAssertThrowsError(try run.step(on: [x]) { $0($1[0]).square().mean() }) {
      XCTAssertEqual($0 as? RecordingError, .random(operation: "random numbers", path: "dropout"))
    }
  }

  func testANumberThatChangesIsSeenAtTheSecondStep() throws {
    var (run, count) = (makeRun(), 0.0)
    func step() throws -> StepOutcome {
      try run.step(on: [x]) { model, inputs in
        count += 1
        return model(inputs[0]).square().mean() * count
      }
    }
    XCTAssertTrue(try step().isApplied)
    let before = run.model.state()
    XCTAssertThrowsError(try step()) {
      XCTAssertEqual($0 as? RecordingError, .changed(operation: "full"))
    }
    for (path, value) in run.model.state() {
      XCTAssertTrue(value.isIdentical(to: before[path]!), path)
    }
  }

  func testABatchOfAnArrayIsSeenAtTheSecondStep() throws {
    var (run, count) = (makeRun(), 0.0)
    func step() throws -> StepOutcome {
      try run.step(on: [x]) { model, inputs in
        count += 1
        return (model(inputs[0]) - Tensor([count, 0, 1])).square().mean()
      }
    }
    XCTAssertTrue(try step().isApplied)
    XCTAssertThrowsError(try step()) {
      XCTAssertEqual($0 as? RecordingError, .changed(operation: "Tensor"))
    }
  }

  func testALateChangeIsSeenWithinTwiceTheSteps() throws {
    var (run, factor, steps) = (makeRun(), 1.0, 0)
    func step() throws -> StepOutcome {
      defer { steps += 1 }
      return try run.step(on: [x]) { model, inputs in model(inputs[0]).square().mean() * factor }
    }
    for _ in 0..<10 { XCTAssertTrue(try step().isApplied) }
    factor = 2
    XCTAssertThrowsError(try { while steps < 20 { _ = try step() } }())
    XCTAssertLessThan(steps, 20)
  }

  func testWhoIsNotCompiledMayReadWhatItLikes() throws {
    var run = makeRun()
    run.isCompiled = false
    for _ in 0..<3 {
      let outcome = try run.step(on: [x]) { model, inputs in
        let loss = meanSquaredError(model(inputs[0]), self.y)
        XCTAssertTrue(loss.item().isFinite)
        return loss
      }
      XCTAssertTrue(outcome.isApplied)
    }
  }

  func testStepsThatAreObservedAreComputed() throws {
    var (run, calls) = (makeRun(), 0)
    func step() throws -> StepOutcome {
      try run.step(on: [x]) { model, inputs in
        calls += 1
        return model(inputs[0]).square().mean()
      }
    }
    for _ in 0..<5 { _ = try step() }
    let before = calls
    var names: Set<String> = []
    _ = try observing(run.model, with: { names.insert($0.name) }) { try step() }
    XCTAssertEqual(calls, before + 1)
    XCTAssertTrue(names.contains("Dropout"))
    _ = try step()
    XCTAssertEqual(calls, before + 1)
  }
}
