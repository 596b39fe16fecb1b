import TestSupport
import TrainingKit
import XCTest

/// A network with what makes skipping hard: buffers that a forward pass moves, and random masks.
final class Patient: Module {
  let input = Linear(4, 8)
  let norm = BatchNorm(8)
  let dropout = Dropout(0.25)
  let output = Linear(8, 3)

  func forward(_ x: Tensor) -> Tensor { output(dropout(norm(input(x)).relu())) }
}

final class RunTests: XCTestCase {
  private let x = RandomGenerator(seed: 1).normal([16, 4])
  private let y = RandomGenerator(seed: 2).integers([16], in: 0..<3)

  private func makeRun(
    _ optimizer: any Optimizer = AdamW(), clipping: Clipping = .globalNorm(1)
  ) -> TrainingRun<Patient> {
    let generator = RandomGenerator(seed: 7)
    return TrainingRun(
      model: withRandomGenerator(generator) { Patient() }, optimizer: optimizer,
      schedule: .warmup(steps: 2).then(.cosine(peak: 1e-2, steps: 20)), clipping: clipping,
      generator: generator)
  }

  private func step(_ run: inout TrainingRun<Patient>) throws -> StepOutcome {
    try run.step { crossEntropy($0(x), y) }
  }

  /// Everything a step may change, as numbers.
  private func everything(_ run: TrainingRun<Patient>) -> [String: [Double]] {
    let state = run.model.state().merging(run.optimizer.state()) { $1 }
    return state.mapValues { $0.elements() }
  }

  func testAStepMovesTheWeightsAndReports() throws {
    var run = makeRun()
    let before = everything(run)
    guard case .applied(let report) = try step(&run) else { return XCTFail("skipped") }
    XCTAssertEqual(report.step, 0)
    XCTAssertEqual(report.updates, 1)
    XCTAssertTrue(report.loss > 0 && report.loss.isFinite)
    XCTAssertEqual(report.learningRate, 5e-3)
    XCTAssertTrue(report.gradientNorm > 0)
    XCTAssertEqual(report.clipFactor, min(1, 1 / (report.gradientNorm + 1e-6)), accuracy: 1e-12)
    XCTAssertEqual(report.missing, [])
    XCTAssertTrue(report.seconds > 0 && report.seconds < 60)
    XCTAssertNotEqual(everything(run)["input.weight"], before["input.weight"])
    XCTAssertNotEqual(everything(run)["norm.runningMean"], before["norm.runningMean"])
  }

  func testTheLossFalls() throws {
    for optimizer in OptimizerCatalog.all.map({ $0.samples[0] }) {
      var run = makeRun(optimizer)
      run.schedule = .constant(1e-2)
      let first = try step(&run).report.loss
      for _ in 0..<60 { _ = try step(&run) }
      XCTAssertLessThan(try step(&run).report.loss, first, "\(optimizer)")
    }
  }

  /// Runs a step that must be skipped and compares everything with before.
  private func assertSkipped(
    _ reason: (SkipReason) -> Bool, _ loss: (Patient, Tensor) -> Tensor
  ) throws {
    var run = makeRun()
    _ = try step(&run)
    let before = everything(run)
    let outcome = try run.step { loss($0, crossEntropy($0(x), y)) }
    guard case .skipped(let got, let report) = outcome else { return XCTFail("applied") }
    XCTAssertTrue(reason(got), "\(got)")
    XCTAssertEqual(everything(run), before)
    XCTAssertEqual([run.steps, run.updates, run.skippedSteps], [2, 1, 1])
    XCTAssertEqual([report.step, report.updates], [1, 1])
    let next = try step(&run).report
    XCTAssertEqual(next.step, 2)
    XCTAssertEqual(next.learningRate, report.learningRate, "the schedule advanced")
  }

  func testANonFiniteLossIsSkipped() throws {
    for stray in [Double.infinity, -.infinity] {
      try assertSkipped({ $0 == .nonFiniteLoss(stray) }) { $1 + stray }
    }
    try assertSkipped({ if case .nonFiniteLoss(let loss) = $0 { loss.isNaN } else { false } }) {
      $1 * Double.nan
    }
  }

  func testANonFiniteGradientIsSkippedAndNamed() throws {
    try assertSkipped({ $0 == .nonFiniteGradient("output.bias") }) { model, loss in
      // The slope of the root is infinite at 0, and its value is not.
      loss + (model.output.bias!.value * 0).sqrt().sum()
    }
  }

  func testALossWithoutParametersIsSkipped() throws {
    try assertSkipped({ $0 == .noGradients }) { $1.detached() }
  }

  func testReasonsAreSentences() {
    XCTAssertEqual("\(SkipReason.nonFiniteLoss(.nan))", "the loss is nan")
    XCTAssertEqual("\(SkipReason.nonFiniteGradient("a.b"))", "the gradient of a.b is not finite")
    XCTAssertEqual("\(SkipReason.noGradients)", "the loss depends on no trainable parameter")
  }

  func testParametersThatTheLossDoesNotDependOnAreReported() throws {
    var run = makeRun()
    let outcome = try run.step { $0.input(x).square().mean() }
    XCTAssertEqual(
      outcome.report.missing, ["norm.weight", "norm.bias", "output.weight", "output.bias"])
    XCTAssertNil(run.optimizer.states["output.weight"])
  }

  func testAMistakeIsThrownAndChangesNothing() throws {
    var run = makeRun()
    _ = try step(&run)
    let (before, random) = (everything(run), run.generator?.state)
    struct Stop: Error {}
    XCTAssertThrowsError(try run.step { crossEntropy($0(x), y).reshaped([7]) }) {
      XCTAssertTrue($0 is TensorError, "\($0)")
    }
    XCTAssertThrowsError(try run.step { $0(x) }) {
      XCTAssertEqual("\($0)", "step: expected a loss of one element, got [16, 3]")
    }
    XCTAssertThrowsError(
      try run.step {
        _ = $0(x)
        throw Stop()
      }
    ) { XCTAssertTrue($0 is Stop) }
    XCTAssertEqual(everything(run), before)
    XCTAssertEqual(run.generator?.state, random)
    XCTAssertEqual([run.steps, run.updates], [1, 1])
  }

  func testARestoredRunTakesTheSameStepsToTheSameBits() throws {
    var run = makeRun()
    for _ in 0..<3 { _ = try step(&run) }
    let snapshot = run.snapshot()
    let start = everything(run)
    func steps() throws -> [Double] { try (0..<4).map { _ in try step(&run).report.loss } }
    let losses = try steps()
    let end = everything(run)
    XCTAssertNotEqual(start, end)
    try run.restore(snapshot)
    XCTAssertEqual(everything(run), start)
    XCTAssertEqual([run.steps, run.updates], [3, 3])
    XCTAssertEqual(try steps(), losses)
    XCTAssertEqual(everything(run), end)
    try run.restore(snapshot)
    XCTAssertEqual(try steps(), losses, "a snapshot serves twice")
  }

  func testASnapshotOfAnotherModelIsRefused() throws {
    func makeRun(_ features: Int) -> TrainingRun<Linear> {
      TrainingRun(model: Linear(features, 2), optimizer: SGD(), schedule: .constant(0.1))
    }
    var other = makeRun(5)
    _ = try other.step { $0.weight.value.square().sum() }
    var run = makeRun(3)
    let before = run.model.weight.value
    XCTAssertThrowsError(try run.restore(other.snapshot())) {
      XCTAssertEqual(
        $0 as? StateError, .shape(path: "weight", expected: [2, 3], got: [2, 5]))
    }
    XCTAssertTrue(run.model.weight.value.isIdentical(to: before))
    XCTAssertEqual(run.steps, 0)
  }

  func testAccumulatingUnequalPartsEqualsTheWholeBatch() throws {
    func weights(_ body: (inout TrainingRun<Linear>) throws -> StepOutcome) throws -> [Double] {
      let model = withRandomGenerator(RandomGenerator(seed: 3)) { Linear(4, 3) }
      model.convert(to: .float64)
      var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(0.1))
      XCTAssertTrue(try body(&run).isApplied)
      return run.model.weight.value.elements()
    }
    let wide = x.cast(to: .float64)
    let whole = try weights { try $0.step { crossEntropy($0(wide), y) } }
    let batch = Batch(x: wide, y: y, indices: Array(0..<16))
    XCTAssertEqual(batch.split(size: 5).map(\.count), [5, 5, 5, 1])
    let parts = try weights {
      try $0.step(accumulating: batch.split(size: 5), weight: { Double($0.count) }) {
        crossEntropy($0($1.x), $1.y)
      }
    }
    for (a, b) in zip(whole, parts) { XCTAssertEqual(a, b, accuracy: 1e-15) }
  }

  func testAccumulationIsSkippedAsAWhole() throws {
    var run = makeRun()
    _ = try step(&run)
    let before = everything(run)
    let outcome = try run.step(accumulating: [1, Double.nan, 1]) { crossEntropy($0(x), y) * $1 }
    XCTAssertFalse(outcome.isApplied)
    XCTAssertEqual(everything(run), before)
    XCTAssertThrowsError(try run.step(accumulating: [Int]()) { model, _ in model(x).sum() }) {
      XCTAssertEqual(
        "\($0)", "step: expected weights of 0 or more, one of them above, got []")
    }
  }

  func testAFrozenModelIsSkipped() throws {
    var run = makeRun()
    for named in run.model.parameters { named.parameter.isTrainable = false }
    guard case .skipped(.noGradients, _) = try step(&run) else { return XCTFail("applied") }
  }

  func testMemoryIsConstantOverManySteps() throws {
    var run = makeRun()
    for _ in 0..<20 { _ = try step(&run) }
    let (live, taken) = (Device.cpu.memory.live, Device.cpu.memory.systemAllocations)
    for _ in 0..<500 { _ = try step(&run) }
    XCTAssertEqual(Device.cpu.memory.live, live)
    XCTAssertEqual(Device.cpu.memory.systemAllocations, taken)
  }

  func testTheSameBitsForAnyNumberOfThreads() throws {
    let results = try [1, 2, 3].map { threads in
      try withThreads(threads) {
        var run = makeRun()
        for _ in 0..<5 { _ = try step(&run) }
        return everything(run)
      }
    }
    XCTAssertEqual(results[0], results[1])
    XCTAssertEqual(results[0], results[2])
  }
}
