import TrainingKit
import XCTest

/// A run remembers the members of its model, and finds them again when the model has others.
final class RunMembersTests: XCTestCase {
  private final class Perceptron: Module {
    var body = Linear(3, 4)
    var head = Linear(4, 1)
    var norm: BatchNorm?

    func forward(_ x: Tensor) -> Tensor {
      let y = body(x)
      return head((norm.map { $0(y) } ?? y).relu())
    }
  }

  private let x = Tensor.randomNormal([8, 3])

  private func step(_ run: inout TrainingRun<Perceptron>) throws -> StepOutcome {
    try run.step { $0(self.x).square().sum() }
  }

  func testAModuleThatTakesThePlaceOfAnotherIsTrained() throws {
    let model = Perceptron()
    var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(0.1))
    for _ in 0..<2 { XCTAssertTrue(try step(&run).isApplied) }
    let (old, new) = (model.head, Linear(4, 1))
    let (oldWeight, newWeight) = (old.weight.value, new.weight.value)
    model.head = new
    guard case .applied(let report) = try step(&run) else { return XCTFail("expected a step") }
    XCTAssertEqual(report.missing, [])
    XCTAssertTrue(old.weight.value.isIdentical(to: oldWeight))
    XCTAssertFalse(new.weight.value.isIdentical(to: newWeight))
  }

  func testAModuleThatIsAddedIsTrained() throws {
    let model = Perceptron()
    var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(0.1))
    XCTAssertTrue(try step(&run).isApplied)
    let norm = BatchNorm(4)
    model.norm = norm
    let before = norm.parameters.map(\.parameter.value)
    XCTAssertTrue(try step(&run).isApplied)
    for (named, value) in zip(norm.parameters, before) {
      XCTAssertFalse(named.parameter.value.isIdentical(to: value), named.path)
    }
    model.norm = nil
    guard case .applied(let report) = try step(&run) else { return XCTFail("expected a step") }
    XCTAssertEqual(report.missing, [])
  }

  func testBuffersOfAnAddedModuleAreTakenBackWithTheStep() throws {
    let model = Perceptron()
    var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(0.1))
    XCTAssertTrue(try step(&run).isApplied)
    let norm = BatchNorm(4)
    model.norm = norm
    let before = norm.state()
    let outcome = try run.step { $0(self.x).square().sum() * Double.nan }
    XCTAssertFalse(outcome.isApplied)
    for (path, value) in norm.state() {
      XCTAssertTrue(value.isIdentical(to: before[path]!), path)
    }
  }
}
