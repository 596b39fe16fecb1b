import Foundation
import TrainingKit
import XCTest

/// Traps that users of other libraries fall into, one test each: it cannot be fallen into here, or is reported in words.
///
/// - Source: threads of PyTorch, Lightning, transformers, accelerate, apex, timm and others.
final class ReferenceTrapTests: XCTestCase {
  private final class Weights: Module {
    let weight: Parameter
    init(_ values: [Float] = [1, -2, 3]) { weight = Parameter(Tensor(values)) }
    func forward(_ x: Tensor) -> Tensor { weight.value * x }
  }

  private final class Classifier: Module {
    let layer = Linear(4, 3)
    func forward(_ x: Tensor) -> Tensor { layer(x) }
  }

  private let x = RandomGenerator(seed: 1).normal([12, 4])
  private let y = Tensor([0, 1, 2, 0, 0, 0, 1, 2, 0, 0, 0, 1] as [Int64])

  private func makeRun(
    _ schedule: Schedule = .constant(0.1), precision: Precision = .full,
    clipping: Clipping = .none, average: WeightAverage? = nil
  ) -> TrainingRun<Classifier> {
    let generator = RandomGenerator(seed: 7)
    return TrainingRun(
      model: withRandomGenerator(generator) { Classifier() }, optimizer: AdamW(),
      schedule: schedule,
      precision: precision, clipping: clipping, average: average, generator: generator)
  }

  private func weights(_ run: TrainingRun<Classifier>) -> [Double] {
    run.model.layer.weight.value.elements()
  }

  /// Its loss is finite, and the gradient is not.
  private func rootOfZero(_ model: Weights) -> Tensor { (model.weight.value * 0).sqrt().sum() }

  /// Clipping comes before unscaling, with a limit that is 65,536 times too small.
  func test01ClippingBeforeUnscalingDoesNotCompile() throws {
    let right = "let g = s.unscaled().gradients!; _ = g.clipped(toGlobalNorm: 1)"
    try XCTAssertEqual(errors(in: right), "")
    let wrong = try errors(in: "_ = s.clipped(toGlobalNorm: 1)")
    XCTAssertTrue(wrong.contains("no member 'clipped'"), wrong)
  }

  /// The schedule moves on when the scaler skipped the step.
  func test02ASkippedStepDoesNotMoveTheSchedule() throws {
    let schedule = Schedule.warmup(steps: 10).then(.constant(0.1))
    var run = makeRun(schedule)
    for _ in 0..<3 { _ = try run.step { crossEntropy($0(self.x), self.y) * Double.infinity } }
    let outcome = try run.step { crossEntropy($0(self.x), self.y) }
    XCTAssertTrue(outcome.isApplied)
    XCTAssertEqual(outcome.report.learningRate, schedule.learningRate(at: 0))
    XCTAssertEqual(run.schedule.learningRate(at: run.updates), schedule.learningRate(at: 1))
  }

  /// The loss scale falls to 0 and all is NaN for ever.
  func test03AScaleThatCannotFallNamesTheCulprit() {
    var run = TrainingRun(
      model: Weights(), optimizer: SGD(), schedule: .constant(1),
      precision: .mixed(.float16, scaler: GradScaler(initialScale: 2, patience: 3)))
    XCTAssertThrowsError(try { for _ in 0..<9 { _ = try run.step(rootOfZero) } }()) {
      XCTAssertTrue($0 is LossScaleError)
      XCTAssertTrue("\($0)".contains("weight"), "\($0)")
    }
    XCTAssertEqual(run.precision.scaler?.scale, 1)
    XCTAssertEqual(run.model.weight.value.elements() as [Float], [1, -2, 3])
  }

  /// The loss scale grows to infinity.
  func test04TheScaleHasACap() throws {
    var scaler = GradScaler(growthInterval: 1)
    for _ in 0..<300 { _ = try scaler.update(nonFinite: []) }
    XCTAssertEqual(scaler.scale, scaler.cap)
  }

  /// Gradients are unscaled twice, or while they are accumulated.
  func test05GradientsAreUnscaledOnce() throws {
    let twice = try errors(in: "_ = s.unscaled().gradients!.unscaled()")
    XCTAssertTrue(twice.contains("'unscaled' is inaccessible"), twice)
    let mixed = try errors(in: "_ = s + s.unscaled().gradients!")
    XCTAssertTrue(mixed.contains("'ScaledGradients'"), mixed)
  }

  /// A fused optimizer unscales by itself, and clipping saw what was scaled.
  func test06TheScaleChangesNoBitUnderClippingAndAFusedUpdate() throws {
    let ends = try [4.0, 0x1p20].map { scale in
      var run = makeRun(
        precision: .mixed(.bfloat16, scaler: .fixed(scale)), clipping: .globalNorm(0.1))
      for _ in 0..<5 { _ = try run.step { crossEntropy($0(self.x), self.y) } }
      return weights(run)
    }
    XCTAssertEqual(ends[0], ends[1])
  }

  /// The mean over micro-batches of means weighs tokens by the batch that they are in.
  func test07UnequalPartsAreTheWholeBatch() throws {
    var (whole, parts) = (makeRun(), makeRun())
    _ = try whole.step { crossEntropy($0(self.x), self.y, ignoreIndex: 0) }
    _ = try parts.step(accumulating: [0..<1, 1..<3, 3..<7, 7..<12]) { model, rows in
      crossEntropy(model(x[rows]), y[rows], ignoreIndex: 0, reduction: .counted)
    }
    for (a, b) in zip(weights(whole), weights(parts)) { XCTAssertEqual(a, b, accuracy: 1e-6) }
  }

  /// All labels are ignored, and the loss is NaN.
  func test08NothingThatCountsIsZeroAndReported() throws {
    let ignored = Tensor.zeros([12], dtype: .int64)
    XCTAssertEqual(crossEntropy(x, ignored, ignoreIndex: 0).item(), 0)
    var run = makeRun()
    let outcome = try run.step(accumulating: [0]) { model, _ in
      crossEntropy(model(x), ignored, ignoreIndex: 0, reduction: .counted)
    }
    guard case .skipped(.emptyBatch, _) = outcome else { return XCTFail("\(outcome)") }
  }

  /// The schedule moves with every micro-batch.
  func test09MicroBatchesDoNotMoveTheSchedule() throws {
    var run = makeRun(.warmup(steps: 10).then(.constant(0.1)))
    _ = try run.step(accumulating: [0..<4, 4..<8, 8..<12]) { model, rows in
      crossEntropy(model(x[rows]), y[rows])
    }
    XCTAssertEqual(run.updates, 1)
  }

  /// A resumed run starts its schedule again, or only a part of the run is resumed.
  func test10AResumedRunGoesOnWithItsSchedule() throws {
    let schedule = Schedule.cosine(peak: 0.1, steps: 20)
    var (run, resumed) = (makeRun(schedule), makeRun(schedule))
    for _ in 0..<5 { _ = try run.step { crossEntropy($0(self.x), self.y) } }
    try resumed.restore(try run.checkpoint())
    let reports = try (
      run.step { crossEntropy($0(self.x), self.y) }.report,
      resumed.step { crossEntropy($0(self.x), self.y) }.report
    )
    XCTAssertEqual(reports.0.learningRate, schedule.learningRate(at: 5))
    XCTAssertEqual(reports.1.learningRate, reports.0.learningRate)
    XCTAssertEqual(weights(resumed), weights(run))
    var other = makeRun(.cosine(peak: 0.1, steps: 40))
    try other.restore(try run.checkpoint())
    XCTAssertEqual(other.schedule, schedule)
  }

  /// One step more than the cycle has rises again, or ends the program.
  func test11ACycleStaysAtItsEnd() {
    let schedule = Schedule.oneCycle(peak: 1, steps: 10)
    let end = schedule.learningRate(at: 9)
    XCTAssertLessThan(end, 1e-3)
    for step in 10..<30 { XCTAssertEqual(schedule.learningRate(at: step), end) }
  }

  /// A sequence of schedules whose first ends at step 0 computes its rates from wrong ones.
  func test12EveryPartOfASequenceCountsItsOwnSteps() {
    let cosine = Schedule.cosine(peak: 2, steps: 10)
    let schedule = Schedule.constant(1).then(cosine, after: 1)
    for step in (0..<10).reversed() {
      XCTAssertEqual(schedule.learningRate(at: step + 1), cosine.learningRate(at: step))
    }
    XCTAssertThrowsError(try validated { Schedule.constant(1).then(cosine, after: 0) }) {
      XCTAssertEqual("\($0)", "sequence: expected 1 step or more, got 0")
    }
  }

  // MARK: What does not compile

  /// What the compiler says of statements with scaled gradients `s`.
  private func errors(in statements: String) throws -> String {
    let source = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(UUID().uuidString).swift")
    let code = "import TrainingKit\nfunc f(_ s: ScaledGradients) {\n"
    try (code + statements + "\n}\n").write(to: source, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: source) }
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
    let products = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["swiftc", "-typecheck", source.path, "-I", products.appendingPathComponent("Modules").path]
      + ["-I", sources.appendingPathComponent("CTrainingKernels/include").path, "-Xcc"]
      + ["-fmodule-map-file=\(products.path)/CTrainingRuntime.build/module.modulemap"]
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, pipe)
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text
  }
}
