import TestSupport
import TrainingKit
import XCTest

/// What a run takes along: precision, smoothing, average, and a limit of skips.
final class RunPartsTests: XCTestCase {
  private let x = RandomGenerator(seed: 1).normal([16, 4])
  private let y = RandomGenerator(seed: 2).integers([16], in: 0..<3)

  private func makeRun(
    precision: Precision = .full, clipping: Clipping = .globalNorm(1),
    smoothing: GradientSmoothing? = nil, average: WeightAverage? = nil, skipLimit: Int = 20
  ) -> TrainingRun<Patient> {
    let generator = RandomGenerator(seed: 7)
    return TrainingRun(
      model: withRandomGenerator(generator) { Patient() }, optimizer: AdamW(),
      schedule: .constant(1e-2), precision: precision, clipping: clipping, smoothing: smoothing,
      average: average, generator: generator, skipLimit: skipLimit)
  }

  private func step(_ run: inout TrainingRun<Patient>, factor: Double = 1) throws -> StepOutcome {
    try run.step { crossEntropy($0(x), y) * factor }
  }

  /// Everything a step may change, as numbers.
  private func everything(_ run: TrainingRun<Patient>) -> [String: [Double]] {
    var all = run.model.state().merging(run.optimizer.state()) { $1 }
    for (path, tensor) in run.smoothing?.state() ?? [:] { all["smoothing.\(path)"] = tensor }
    for (path, tensor) in run.average?.state() ?? [:] { all["average.\(path)"] = tensor }
    return all.mapValues { $0.elements() }
  }

  // MARK: Precision

  func testAnOverflowLowersTheScaleAndNothingElse() throws {
    var run = makeRun(
      precision: .mixed(.float16, scaler: GradScaler(initialScale: 0x1p24)),
      smoothing: GradientSmoothing(), average: .exponential(decay: 0.9), skipLimit: 1)
    let before = everything(run)
    var overflows = 0
    while case .skipped(let reason, let report) = try step(&run) {
      guard case .overflow(let path, let scale) = reason else { return XCTFail("\(reason)") }
      overflows += 1
      XCTAssertEqual("\(reason)", "the gradient of \(path) overflowed at loss scale \(scale)")
      XCTAssertEqual(report.scale?.scaleBefore, scale)
      XCTAssertEqual(run.precision.scaler?.scale, scale / 2)
      XCTAssertEqual(report.clipping?.culprit, path)
      XCTAssertNil(report.average)
      XCTAssertEqual(everything(run), before)
      XCTAssertEqual([run.steps, run.updates, run.skipsInARow], [overflows, 0, 0])
    }
    XCTAssertGreaterThan(overflows, 0)
    XCTAssertNotEqual(everything(run), before)
    XCTAssertEqual(run.precision.scaler?.growthTracker, 1)
    XCTAssertEqual(run.average?.updates, 1)
  }

  func testALossThatIsNotFiniteLeavesTheScaleAlone() throws {
    var run = makeRun(precision: .mixed(.float16))
    let outcome = try step(&run, factor: .nan)
    guard case .skipped(.nonFiniteLoss, let report) = outcome else { return XCTFail("applied") }
    XCTAssertNil(report.scale)
    XCTAssertNil(report.clipping)
    XCTAssertEqual(run.precision.scaler, GradScaler())
  }

  func testAScaleThatCannotFallFurtherEndsTheRun() throws {
    var run = makeRun(precision: .mixed(.float16, scaler: .fixed(0x1p24, patience: 3)))
    let before = everything(run)
    for _ in 0..<2 { XCTAssertFalse(try step(&run, factor: 1e10).isApplied) }
    XCTAssertThrowsError(try step(&run, factor: 1e10)) {
      guard case .exhausted(_, skips: 3, _) = $0 as? LossScaleError else { return XCTFail("\($0)") }
    }
    XCTAssertEqual(everything(run), before)
  }

  func testMixedPrecisionFollowsFullPrecision() throws {
    func losses(_ precision: Precision) throws -> [Double] {
      var run = makeRun(precision: precision)
      var losses: [Double] = []
      while losses.count < 30 {
        if case .applied(let report) = try step(&run) { losses.append(report.loss) }
      }
      XCTAssertEqual(run.model.input.weight.value.dtype, .float32)
      return losses
    }
    let full = try losses(.full)
    for dtype in [DType.float16, .bfloat16] {
      let mixed = try losses(.mixed(dtype))
      XCTAssertNotEqual(mixed, full, "\(dtype) has no effect")
      let tolerance = dtype == .float16 ? 0.01 : 0.08
      for (a, b) in zip(full, mixed) { XCTAssertEqual(a, b, accuracy: tolerance * a, "\(dtype)") }
    }
  }

  func testTheScaleChangesNoBitOfAnUpdate() throws {
    func weights(_ scaler: GradScaler) throws -> [String: [Double]] {
      var run = makeRun(precision: .mixed(.bfloat16, scaler: scaler))
      for _ in 0..<5 { XCTAssertTrue(try step(&run).isApplied) }
      return everything(run)
    }
    XCTAssertEqual(try weights(.fixed(1)), try weights(.fixed(0x1p12)))
  }

  func testUnequalPartsUnderAScaleEqualTheWholeBatch() throws {
    func weights(
      _ body: (inout TrainingRun<Linear>) throws -> StepOutcome
    ) throws -> [Double] {
      let model = withRandomGenerator(RandomGenerator(seed: 3)) { Linear(4, 3) }
      model.convert(to: .float64)
      var run = TrainingRun(
        model: model, optimizer: SGD(), schedule: .constant(0.1),
        precision: .mixed(.float16, scaler: .fixed(1024)))
      guard case .applied(let report) = try body(&run) else {
        XCTFail("skipped")
        return []
      }
      return run.model.weight.value.elements() + [report.loss, report.gradientNorm]
    }
    let batch = Batch(x: x.cast(to: .float64), y: y, indices: Array(0..<16))
    let whole = try weights { try $0.step { crossEntropy($0(batch.x), y) } }
    let parts = try weights {
      try $0.step(accumulating: batch.split(size: 5), weight: { Double($0.count) }) {
        crossEntropy($0($1.x), $1.y)
      }
    }
    for (a, b) in zip(whole, parts) { XCTAssertEqual(a, b, accuracy: 4e-15) }
  }

  func testPartsWithIgnoredLabelsEqualTheWholeBatch() throws {
    let labels = Tensor([0, -100, 2, -100, -100, -100, -100, 1, 1, 2])
    let inputs = RandomGenerator(seed: 5).normal([10, 4], dtype: .float64)
    let weight = Tensor([0.5, 1, 2])
    func weights(
      _ body: (inout TrainingRun<Linear>) throws -> StepOutcome
    ) throws -> [Double] {
      let model = withRandomGenerator(RandomGenerator(seed: 3)) { Linear(4, 3) }
      model.convert(to: .float64)
      var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(0.1))
      guard case .applied(let report) = try body(&run) else {
        XCTFail("skipped")
        return []
      }
      return run.model.weight.value.elements() + [report.loss, report.gradientNorm]
    }
    let whole = try weights {
      try $0.step { crossEntropy($0(inputs), labels, weight: weight) }
    }
    for bounds in [[0, 1, 10], [0, 3, 4, 7, 10], [0, 0, 5, 7, 10, 10]] {
      let parts = zip(bounds, bounds.dropFirst()).map { $0..<$1 }
      let got = try weights {
        try $0.step(accumulating: parts) { model, part in
          crossEntropy(model(inputs[part]), labels[part], weight: weight, reduction: .counted)
        }
      }
      for (a, b) in zip(whole, got) { XCTAssertEqual(a, b, accuracy: 1e-15, "\(bounds)") }
    }
  }

  func testABatchInWhichNothingCountsIsSkipped() throws {
    var run = makeRun()
    let before = everything(run)
    let outcome = try run.step(accumulating: [0..<8, 8..<16]) { model, part in
      crossEntropy(model(x[part]), y[part] * 0 - 100, reduction: .counted)
    }
    guard case .skipped(.emptyBatch, _) = outcome else { return XCTFail("\(outcome)") }
    XCTAssertEqual("\(SkipReason.emptyBatch)", "nothing in the batch counts")
    XCTAssertEqual(everything(run), before)
  }

  // MARK: Smoothing and average

  func testTheRunIsWhatItsPartsDo() throws {
    var run = makeRun(
      smoothing: GradientSmoothing(decay: 0.5),
      average: .exponential(decay: 0.8, warmup: .ramp, every: 2))
    let model = makeRun().model
    var (optimizer, smoothing) = (AdamW(), GradientSmoothing(decay: 0.5))
    var average = WeightAverage.exponential(decay: 0.8, warmup: .ramp, every: 2)
    let generator = RandomGenerator(seed: 7)
    _ = withRandomGenerator(generator) { Patient() }
    for index in 0..<6 {
      let outcome = try step(&run)
      let gradients = withRandomGenerator(generator) {
        model.valueAndGradients { crossEntropy($0(x), y) }.gradients
      }
      let (clipped, clip) = gradients.clipped(toGlobalNorm: 1)
      optimizer.update(model, with: smoothing.smoothed(clipped), learningRate: 1e-2)
      let moved = average.update(from: model)
      XCTAssertEqual(outcome.report.clipping, clip)
      XCTAssertEqual(outcome.report.average, moved)
      XCTAssertEqual(moved, index.isMultiple(of: 2) ? .waited : .updated)
    }
    XCTAssertEqual(
      run.model.state().mapValues { $0.elements(Double.self) },
      model.state().mapValues { $0.elements() })
    XCTAssertEqual(
      run.average?.state().mapValues { $0.elements(Double.self) },
      average.state().mapValues { $0.elements() })
  }

  func testASkippedStepMovesNeitherAverageNorSmoothing() throws {
    var run = makeRun(smoothing: GradientSmoothing(), average: .exponential(decay: 0.9))
    for _ in 0..<3 { XCTAssertTrue(try step(&run).isApplied) }
    let before = everything(run)
    for factor in [Double.nan, .infinity] {
      XCTAssertFalse(try step(&run, factor: factor).isApplied)
      XCTAssertEqual(everything(run), before)
    }
  }

  func testAveragedWeightsAreThereForTheBodyOnly() throws {
    var run = makeRun(average: .exponential(decay: 0.9))
    for _ in 0..<3 { _ = try step(&run) }
    let own = everything(run)
    let averaged = try XCTUnwrap(run.average?.state()["weights.input.weight"])
    try run.withAveragedWeights { model in
      XCTAssertTrue(model.input.weight.value.isIdentical(to: averaged))
      XCTAssertThrowsError(try step(&run)) {
        XCTAssertEqual(
          "\($0)",
          "step: expected a model with its own weights, got one that has the averages")
      }
    }
    XCTAssertEqual(everything(run), own)
    let plain = makeRun()
    XCTAssertEqual(try plain.withAveragedWeights { $0.isTraining }, true)
  }

  func testARestoredRunTakesTheSameStepsToTheSameBits() throws {
    var run = makeRun(
      precision: .mixed(.float16), clipping: .percentile(50), smoothing: GradientSmoothing(),
      average: .exponential(decay: 0.9))
    for _ in 0..<4 { _ = try step(&run) }
    _ = try step(&run, factor: .nan)
    let snapshot = run.snapshot()
    func steps() throws -> [StepOutcome] {
      try (0..<4).map { _ in try step(&run) }
    }
    let losses = try steps().map(\.report.clipping)
    let end = everything(run)
    try run.restore(snapshot)
    XCTAssertEqual(run.skipsInARow, 1)
    XCTAssertEqual(try steps().map(\.report.clipping), losses)
    XCTAssertEqual(everything(run), end)
  }

  // MARK: The limit

  func testSkipsInARowEndTheRunWithTheReason() throws {
    var run = makeRun(skipLimit: 3)
    for _ in 0..<2 { XCTAssertFalse(try step(&run, factor: .nan).isApplied) }
    XCTAssertTrue(try step(&run).isApplied)
    for _ in 0..<2 { XCTAssertFalse(try step(&run, factor: .nan).isApplied) }
    let before = everything(run)
    XCTAssertThrowsError(try step(&run, factor: .nan)) {
      XCTAssertEqual(
        "\($0)",
        "step: expected an applied step, got 3 skipped in a row, the last because the loss is nan; "
          + "go back to a checkpoint with a lower learning rate, or look at the data")
    }
    XCTAssertEqual(everything(run), before)
    XCTAssertEqual([run.steps, run.updates, run.skipsInARow], [6, 1, 3])
    XCTAssertTrue(try step(&run).isApplied, "the run can go on")
    XCTAssertThrowsError(try validated { makeRun(skipLimit: 0) })
  }

  func testTheCulpritIsInTheReport() throws {
    var run = makeRun(clipping: .globalNorm(1e-3))
    let report = try step(&run).report
    let clip = try XCTUnwrap(report.clipping)
    let largest = clip.statistics.paths.max {
      clip.statistics[$0]!.norm < clip.statistics[$1]!.norm
    }
    XCTAssertEqual(clip.culprit, largest)
    XCTAssertEqual(report.gradientNorm, clip.statistics.global.norm)
    XCTAssertEqual(report.clipFactor, 1e-3 / (report.gradientNorm + 1e-6), accuracy: 1e-12)
  }
}
