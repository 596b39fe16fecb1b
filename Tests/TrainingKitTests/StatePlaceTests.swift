import Foundation
import TrainingKit
import XCTest

/// The optimizer's state as what makes a step fit.
final class StatePlaceTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.path

  /// Weights and gradients of 0.7 MB each, moments of 1.4 MB, and little else.
  private func makeRun() -> TrainingRun<Sequential> {
    let model = withRandomGenerator(RandomGenerator(seed: 1)) {
      Sequential {
        Linear(400, 400)
        ReLU()
        Linear(400, 10)
      }
    }
    return TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-3))
  }

  private var batch: Batch {
    let generator = RandomGenerator(seed: 2)
    return Batch(
      x: generator.normal([4, 400]), y: generator.integers([4], in: 0..<10),
      indices: Array(0..<4))
  }

  private func loss(_ model: Sequential, _ batch: Batch) -> LossSum {
    crossEntropy(model(batch.x), batch.y, reduction: .counted)
  }

  private func budget(_ run: TrainingRun<Sequential>, _ batch: Batch, less bytes: Int) throws -> Int
  {
    try run.memoryPlan { run in
      for _ in 0..<2 { _ = try run.step(accumulating: [batch], loss) }
    }.peak - bytes
  }

  private func assertTheStepIsAsPlanned(
    _ run: inout TrainingRun<Sequential>, _ batch: Batch, _ fit: MemoryFit
  ) throws {
    run.apply(fit)
    Device.cpu.resetPeakMemory()
    for _ in 0..<2 {
      let outcome = try run.step(accumulating: batch.split(size: 4 / fit.parts), loss)
      XCTAssertTrue(outcome.isApplied, "\(outcome)")
    }
    XCTAssertEqual(Device.cpu.memory.peak, fit.plan.peak, "\(fit)")
    XCTAssertEqual(run.stateFile?.usage.peak ?? 0, fit.plan.filePeak, "\(fit)")
  }

  func testNothingChangesWhereNothingHasTo() throws {
    let (run, batch, file) = (makeRun(), batch, try StateFile(in: folder))
    let budget = try budget(run, batch, less: 0)
    let fit = try XCTUnwrap(
      run.fit(batch, within: budget, changing: [.halfState], stateFile: file, loss))
    XCTAssertEqual(fit.remedies, [])
  }

  func testHalfAStateIsEnough() throws {
    var (run, batch) = (makeRun(), batch)
    let budget = try budget(run, batch, less: 600_000)
    XCTAssertNil(try run.fit(batch, within: budget, loss))
    let fit = try XCTUnwrap(run.fit(batch, within: budget, changing: .halfState, loss))
    XCTAssertEqual(fit.remedies, [.halfState])
    XCTAssertTrue("\(fit)".hasPrefix("the optimizer's state in bfloat16: "), "\(fit)")
    try assertTheStepIsAsPlanned(&run, batch, fit)
    let state = try XCTUnwrap(run.optimizer.states["0.weight"])
    XCTAssertEqual(state.tensors["firstMoment"]?.dtype, .bfloat16)
  }

  func testAFileIsEnoughAndTheBitsAreTheSame() throws {
    var (run, plain) = (makeRun(), makeRun())
    let (batch, file) = (batch, try StateFile(in: folder))
    // States that there are move to the file.
    _ = try run.step(accumulating: [batch], loss)
    _ = try plain.step(accumulating: [batch], loss)
    // The states that move are in memory when the step begins.
    let budget = try budget(run, batch, less: 500_000)
    XCTAssertNil(try run.fit(batch, within: budget, loss))
    let fit = try XCTUnwrap(run.fit(batch, within: budget, stateFile: file, loss))
    XCTAssertEqual(fit.remedies, [.stateFile(folder: folder)])
    XCTAssertTrue("\(fit)".contains("in files 1.3"), "\(fit)")
    XCTAssertEqual(file.usage.live, 0)
    try assertTheStepIsAsPlanned(&run, batch, fit)
    XCTAssertEqual(run.stateFile, file)
    for _ in 0..<2 { _ = try plain.step(accumulating: [batch], loss) }
    for (path, value) in run.model.state() {
      XCTAssertTrue(value.isIdentical(to: plain.model.state()[path]!), path)
    }
  }

  func testAFileTakesTheTimeOfItsDisk() throws {
    let (run, batch, file) = (makeRun(), batch, try StateFile(in: folder))
    let whole = try XCTUnwrap(run.fit(batch, within: .max / 2, loss))
    let budget = try budget(run, batch, less: 1_000_000)
    let fit = try XCTUnwrap(run.fit(batch, within: budget, stateFile: file, loss))
    let disk = file.seconds(for: 2 * fit.plan.filePeak)
    XCTAssertGreaterThan(disk, 0)
    XCTAssertEqual(fit.seconds, whole.seconds + disk, accuracy: 0.1 * whole.seconds)
  }

  func testTheErrorOfAStepNamesHalfAState() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    var (run, batch) = (makeRun(), batch)
    Device.cpu.memoryLimit = try budget(run, batch, less: 600_000)
    XCTAssertThrowsError(try run.step(accumulating: [batch], loss)) { error in
      XCTAssertTrue(
        "\(error)".contains("; what fits: the optimizer's state in bfloat16"), "\(error)")
    }
  }
}
