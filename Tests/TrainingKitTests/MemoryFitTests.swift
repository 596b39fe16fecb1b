import Foundation
import TrainingKit
import XCTest

/// Steps that are made to fit.
final class MemoryFitTests: XCTestCase {
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
      let fit = try XCTUnwrap(run.fit(batch, within: budget, loss), "\(share)")
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

  /// Against all ways: parts of any power of two, any number of recomputed blocks, bfloat16 or not.
  func testNoWayThatFitsIsFaster() throws {
    let (run, batch) = (gpt(layers: 3), batch)
    let whole = try peak(run, batch)
    let base = Device.cpu.memory.live
    for share in [0.7, 0.45, 0.35] {
      let budget = base + Int(share * Double(whole - base))
      let changes: MemoryChanges = [.parts, .recomputation, .mixedPrecision]
      let fit = try XCTUnwrap(run.fit(batch, within: budget, changing: changes, loss))
      var fastest = Double.infinity
      for precision in [Precision.full, .mixed(.bfloat16)] {
        for parts in [1, 2, 4, 8, 16] {
          for blocks in 0...3 {
            let plan = try run.memoryPlan { run in
              run.precision = precision
              run.recomputation = Recomputation(
                patterns: (0..<blocks).map { "blocks.\($0)" }, isVerified: false)
              for _ in 0..<2 {
                _ = try run.step(accumulating: batch.split(size: 16 / parts), loss)
              }
            }
            guard plan.peak <= budget else { continue }
            fastest = min(fastest, MachineSpeed.measured.seconds(for: plan.work) / 2)
          }
        }
      }
      XCTAssertLessThanOrEqual(fit.seconds, 1.02 * fastest, "\(share): \(fit)")
    }
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
