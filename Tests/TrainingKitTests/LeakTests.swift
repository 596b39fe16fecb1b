import TrainingKit
import XCTest

/// Ten thousand steps hold no more memory than a hundred.
final class LeakTests: XCTestCase {
  func testLiveBytesAreConstantOverTenThousandSteps() throws {
    let model = Sequential {
      Linear(4, 8)
      BatchNorm(8)
      GELU()
      Dropout(0.1)
      Linear(8, 3)
    }
    var run = TrainingRun(
      model: model, optimizer: AdamW(), schedule: .constant(1e-3), clipping: .globalNorm(1))
    let (x, y) = (Tensor.randomNormal([16, 4]), Tensor.randomIntegers([16], in: 0..<3))
    var live: Int?
    for step in 1...10_000 {
      _ = try run.step { crossEntropy($0(x), y) }
      if step == 100 { live = Device.cpu.memory.live }
    }
    XCTAssertEqual(Device.cpu.memory.live, live)
  }

  func testASteadyRunTakesNoMemoryFromTheSystem() throws {
    let model = Sequential {
      Linear(64, 128)
      ReLU()
      Linear(128, 10)
    }
    var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(1e-3))
    let (x, y) = (Tensor.randomNormal([64, 64]), Tensor.randomIntegers([64], in: 0..<10))
    func step() throws { _ = try run.step { crossEntropy($0(x), y) } }
    for _ in 0..<3 { try step() }
    let taken = Device.cpu.memory.systemAllocations
    for _ in 0..<50 { try step() }
    XCTAssertEqual(Device.cpu.memory.systemAllocations, taken)
  }

  /// Takes steps, of which those after the third find all memory in the pool.
  private struct SteadySteps: MemorySubjectVisitor {
    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      for _ in 0..<3 { _ = try step(&run) }
      let before = Device.cpu.memory
      for _ in 0..<10 { _ = try step(&run) }
      let after = Device.cpu.memory
      XCTAssertEqual(after.live + after.cached, before.live + before.cached)
      return after.systemAllocations - before.systemAllocations
    }
  }

  func testSteadyStepsOfEveryModelTakeNoMemoryFromTheSystem() throws {
    for subject in MemorySubject.all {
      for parts in [1, 2] {
        let variants: [MemorySubject.Options] = [
          .init(parts: parts),
          .init(
            precision: .mixed(.bfloat16), parts: parts, smoothing: GradientSmoothing(),
            average: .exponential(decay: 0.9)),
        ]
        for options in variants {
          XCTAssertEqual(
            try subject.visit(options, SteadySteps()), 0, "\(subject.name), \(parts) parts")
        }
      }
    }
  }
}
