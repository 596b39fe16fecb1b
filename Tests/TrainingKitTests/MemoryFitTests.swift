import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Steps that are made to fit.
final class MemoryFitTests: XCTestCase {
  /// Workspace grows with the threads.
  override func invokeTest() { withThreads(2) { super.invokeTest() } }

  private func gpt(layers: Int = 4) -> TrainingRun<GPT> {
    let sizes = GPT.Configuration(
      vocabulary: 64, context: 32, features: 32, heads: 4, layers: layers)
    return TrainingRun(
      model: withRandomGenerator(RandomGenerator(seed: 1)) { GPT(sizes) }, optimizer: AdamW(),
      schedule: .constant(1e-3))
  }

  private var batch: Batch {
    let tokens = RandomGenerator(seed: 2).integers([16, 32], in: 0..<64)
    return Batch(x: tokens, y: tokens, indices: Array(0..<16))
  }

  private func loss(_ model: GPT, _ batch: Batch) -> LossSum {
    causalLanguageModelLoss(model(batch.x), batch.y, reduction: .counted)
  }

  private func peak(_ run: TrainingRun<GPT>, _ batch: Batch, parts: Int = 1) throws -> Int {
    try run.memoryPlan { run in
      for _ in 0..<2 {
        _ = try run.step(accumulating: batch.split(size: batch.count / parts), loss)
      }
    }.peak
  }

  func testTheFitFitsAndTheStepIsTheSame() throws {
    let batch = batch
    for share in [1.0, 0.8, 0.5, 0.3] {
      var (run, plain) = (gpt(), gpt())
      let (whole, base) = (try peak(run, batch), Device.cpu.memory.live)
      let budget = base + Int(share * Double(whole - base))
      let fit = try XCTUnwrap(run.fit(batch, within: budget, patience: 0.3, loss), "\(share)")
      XCTAssertLessThanOrEqual(fit.plan.peak, budget)
      XCTAssertEqual(fit.remedies.isEmpty, share == 1, "\(fit)")
      run.apply(fit)
      Device.cpu.resetPeakMemory()
      for _ in 0..<2 {
        _ = try run.step(accumulating: batch.split(size: batch.count / fit.parts), loss)
      }
      XCTAssertEqual(Device.cpu.memory.peak, fit.plan.peak, "\(fit)")
      for _ in 0..<2 { _ = try plain.step(accumulating: [batch], loss) }
      for (path, tensor) in run.model.state() {
        XCTAssertTrue(tensor.isClose(to: plain.model.state()[path]!, absolute: 1e-4), path)
      }
    }
    XCTAssertNil(try gpt().fit(batch, within: 1000, loss))
    XCTAssertNil(try gpt().fit(batch, within: peak(gpt(), batch) / 2, changing: [], loss))
  }

  /// What calls cost beside bytes and products decides on the parts and on the modules.
  private let speeds = [
    (products: 3e10, bytes: 1e12, calls: 8e4), (1e9, 4e12, 3e3), (3e11, 3e10, 6e5),
    (2e11, 2e11, 3e6),
  ].map {
    MachineSpeed(
      products: $0.products, wideProducts: $0.products / 2, bytes: $0.bytes, calls: $0.calls)
  }

  /// Against all ways, by the same estimates: parts of any power of two, any of the modules recomputed, bfloat16 or not.
  private func assertNoWayIsFaster<Model: Module>(
    _ run: TrainingRun<Model>, _ batch: Batch, parts: [Int], modules: [String], shares: [Double],
    _ loss: @escaping (Model, Batch) -> LossSum
  ) throws {
    func step(_ run: inout TrainingRun<Model>, _ parts: Int) throws {
      _ = try run.step(accumulating: batch.split(size: batch.count / parts), loss)
    }
    var ways: [MemoryPlan] = []
    for precision in [Precision.full, .mixed(.bfloat16)] {
      for parts in parts {
        for chosen in 0..<(1 << modules.count) {
          let plan = try run.memoryPlan { run in
            run.precision = precision
            run.recomputation = Recomputation(
              patterns: modules.indices.filter { chosen >> $0 & 1 == 1 }.map { modules[$0] },
              isVerified: false)
            for _ in 0..<2 { try step(&run, parts) }
          }
          ways.append(plan)
        }
      }
    }
    let base = Device.cpu.memory.live
    for share in shares {
      let budget = base + Int(share * Double(ways[0].peak - base))
      for speed in speeds {
        let search = FitSearch(run: run, budget: budget, speed: speed, step: step)
        let changes: MemoryChanges = [.parts, .recomputation, .mixedPrecision]
        let fit = try XCTUnwrap(search.fastest(largestSplit: batch.count, changes), "\(share)")
        let fitting = ways.filter { $0.peak <= budget }
        let fastest = fitting.map { speed.seconds(for: $0.work) / 2 }.min()!
        XCTAssertLessThanOrEqual(fit.seconds, 1.02 * fastest, "\(share), \(speed): \(fit)")
      }
    }
  }

  func testNoWayOfALanguageModelIsFaster() throws {
    let blocks = (0..<3).map { "blocks.\($0)" }
    try assertNoWayIsFaster(
      gpt(layers: 3), batch, parts: [1, 2, 4, 8, 16], modules: blocks, shares: [0.7, 0.45, 0.35],
      loss)
  }

  func testNoWayOfUnlikeLayersIsFaster() throws {
    let model = withRandomGenerator(RandomGenerator(seed: 3)) {
      Sequential {
        Conv2d(3, 8, kernelSize: 3, padding: 1)
        ReLU()
        Conv2d(8, 24, kernelSize: 5, padding: 2)
        GELU()
        MaxPool2d(2)
        Flatten()
        Linear(24 * 64, 10)
      }
    }
    let run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(1e-3))
    let images = RandomGenerator(seed: 4)
    let batch = Batch(
      x: images.normal([8, 3, 16, 16]), y: images.integers([8], in: 0..<10), indices: Array(0..<8))
    for threads in [1, 2, 8] {
      try withThreads(threads) {
        try assertNoWayIsFaster(
          run, batch, parts: [1, 2, 4, 8], modules: (0..<7).map { "\($0)" },
          shares: [0.95, 0.8, 0.6, 0.45]
        ) { crossEntropy($0($1.x), $1.y, reduction: .counted) }
      }
    }
  }

  func testWhatIsSeenToBeFastestIsTaken() throws {
    let (run, batch) = (gpt(), batch)
    let base = Device.cpu.memory.live
    let budget = base + Int(0.4 * Double(try peak(run, batch) - base))
    let search = FitSearch(run: run, budget: budget) { run, parts in
      _ = try run.step(accumulating: batch.split(size: 16 / parts), self.loss)
    }
    let ways = try search.ways(largestSplit: 16, [.parts, .recomputation])
    XCTAssertGreaterThan(ways.count, 2)
    for fast in ways {
      var looks: [Int: Int] = [:]
      let found = FitTiming(ways: ways.map { (run, $0) }, patience: 1).fastest { _, parts in
        looks[parts, default: 0] += 1
        // A cold first look, and a second as slow as can be after it, decide nothing.
        let isFast = parts == fast.parts
        return looks[parts] == 1 ? (isFast ? 14 : 10) : looks[parts] == 2 ? 20 : isFast ? 1 : 2
      }
      XCTAssertEqual(found?.parts, fast.parts)
      XCTAssertEqual(found!.seconds, 1, accuracy: 0.01)
    }
  }

  func testEstimatesDecideWhereTimesCannotBeSeen() throws {
    var (run, batch) = (gpt(), batch)
    _ = try run.step(accumulating: [batch], loss)
    let base = Device.cpu.memory.live
    let budget = base + Int(0.4 * Double(try peak(run, batch) - base))
    let search = FitSearch(run: run, budget: budget) { run, parts in
      _ = try run.step(accumulating: batch.split(size: 16 / parts), self.loss)
    }
    let ways = try search.ways(largestSplit: 16, [.parts, .recomputation])
    let found = FitTiming(ways: ways.map { (run, $0) }, patience: 1).fastest { _, parts in
      parts == ways[1].parts ? nil : 1
    }
    XCTAssertEqual(found?.seconds, ways.map(\.seconds).min())
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    Device.cpu.memoryLimit = base + 100_000
    let pairs: (GPT, Batch) -> (mean: Tensor, count: Double) = { (self.loss($0, $1).mean, 1) }
    XCTAssertNil(try run.secondsForGradients([batch], pairs))
    Device.cpu.memoryLimit = limit
    XCTAssertNotNil(try run.secondsForGradients([batch], pairs))
    XCTAssertNil(try run.secondsForGradients([batch]) { (pairs($0, $1).mean * Double.nan, 1) })
  }

  func testALookAtTheTimeLeavesTheRunAsItIs() throws {
    let images = Tensor.randomNormal([8, 1, 8, 8])
    let model = Sequential {
      Conv2d(1, 4, kernelSize: 3)
      BatchNorm(4)
      Dropout(0.5)
      Flatten()
      Linear(144, 2)
    }
    let batch = Batch(
      x: images, y: Tensor.zeros([8], dtype: .int64), indices: Array(0..<8))
    var run = TrainingRun(
      model: model, optimizer: AdamW(), schedule: .constant(1e-3),
      generator: RandomGenerator(seed: 5))
    func loss(_ model: Sequential, _ batch: Batch) -> LossSum {
      crossEntropy(model(batch.x), batch.y, reduction: .counted)
    }
    _ = try run.step(accumulating: [batch], loss)
    let (state, random) = (
      run.model.state().mapValues { $0.elements(Float.self) }, run.generator!.state
    )
    let base = Device.cpu.memory.live
    let plan = try run.memoryPlan { run in _ = try run.step(accumulating: [batch], loss) }
    let fit = try XCTUnwrap(
      run.fit(
        batch, within: base + (plan.peak - base) * 3 / 4, patience: 0.3, loss))
    XCTAssertFalse(fit.remedies.isEmpty)
    XCTAssertEqual(run.model.state().mapValues { $0.elements(Float.self) }, state)
    XCTAssertEqual(run.generator!.state, random)
    XCTAssertEqual(run.steps, 1)
    XCTAssertEqual(Device.cpu.memory.live, base)
  }

  func testTheErrorOfAStepSaysWhatFits() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    var run = gpt()
    let batch = batch
    let whole = try peak(run, batch)
    let base = Device.cpu.memory.live
    Device.cpu.memoryLimit = base + Int(0.7 * Double(whole - base))
    XCTAssertThrowsError(try run.step(accumulating: [batch], loss)) { error in
      guard case .outOfMemory(let found)? = error as? DeviceError else {
        return XCTFail("\(error)")
      }
      XCTAssertTrue(found.remedies.contains(.parts(2)), "\(error)")
      XCTAssertTrue("\(error)".contains("; what fits: recomputation of blocks.0"), "\(error)")
      XCTAssertTrue("\(error)".contains(", or the batch in 2 parts"), "\(error)")
    }
    XCTAssertTrue(try run.step(accumulating: batch.split(size: 8), loss).isApplied)
  }

  func testTheLargestBatch() throws {
    let run = gpt()
    func step(_ run: inout TrainingRun<GPT>, _ size: Int) throws {
      let tokens = Tensor.zeros([size, 32], dtype: .int64)
      _ = try run.step { causalLanguageModelLoss($0(tokens), tokens) }
    }
    let base = Device.cpu.memory.live
    func peak(_ size: Int) throws -> Int {
      try run.memoryPlan { run in for _ in 0..<2 { try step(&run, size) } }.peak
    }
    let budget = base + 3_000_000
    let size = try run.largestBatch(upTo: 1000, within: budget, step)
    XCTAssertLessThanOrEqual(try peak(size), budget)
    XCTAssertGreaterThan(try peak(size + 1), budget)
    XCTAssertEqual(try run.largestBatch(upTo: 3, within: budget, step), 3)
    XCTAssertEqual(try run.largestBatch(upTo: 3, within: 1000, step), 0)
  }

  func testTheModulesThatAreRecomputed() {
    XCTAssertEqual(RepeatedModules(of: gpt(layers: 2).model).paths, ["blocks.0", "blocks.1"])
    let mixed = Sequential {
      Linear(2, 2)
      ReLU()
      Flatten()
    }
    XCTAssertEqual(RepeatedModules(of: mixed).paths, ["0", "1", "2"])
  }
}
