import TestSupport
import TrainingKit
import XCTest

final class AutogradTests: XCTestCase {
  func testAChainOfAHundredThousandOperations() {
    let before = Device.cpu.memory.live
    do {
      let x = Tensor([1.0]).tracked()
      var y = x
      for _ in 0..<100_000 { y = y + 1 }
      XCTAssertEqual(y.item(), 100_001)
      XCTAssertEqual(y.sum().gradient(for: x).item(), 1)
    }
    XCTAssertEqual(Device.cpu.memory.live, before)
  }

  func testAGraphThatIsNeverUsedIsReleased() {
    let before = Device.cpu.memory.live
    do {
      var y = Tensor([1.0]).tracked()
      for _ in 0..<100_000 { y = y * 1.000001 }
      XCTAssertTrue(y.requiresGradient)
    }
    XCTAssertEqual(Device.cpu.memory.live, before)
  }

  func testSharedSubgraphsAreVisitedOnce() {
    let x = Tensor([1.0], dtype: .float64).tracked()
    var y = x
    // Without sharing this graph has 2^60 paths.
    for _ in 0..<60 { y = (y + y) * 0.5 }
    XCTAssertEqual(y.sum().gradient(for: x).item(), 1)
  }

  func testAGraphCanBeDifferentiatedTwice() {
    let x = Tensor([3.0]).tracked()
    let y = (x * x).sum()
    XCTAssertEqual(y.gradient(for: x).item(), 6)
    XCTAssertEqual(y.gradient(for: x).item(), 6)
  }

  func testHessianVectorProduct() {
    let x = Tensor([1.0, 2.0, 3.0], dtype: .float64).tracked()
    let v = Tensor([1.0, 0.0, -1.0], dtype: .float64)
    let gradient = (x * x * x).sum().gradient(for: x, isRecorded: true)
    let product = (gradient * v).sum().gradient(for: x)
    XCTAssertEqual(product.elements(), [6, 0, -18] as [Double])
  }

  func testNothingIsRecordedWithoutGradients() {
    let x = Tensor([1.0]).tracked()
    let y = withoutGradients { x * 2 }
    XCTAssertFalse(y.requiresGradient)
    XCTAssertFalse(x.detached().requiresGradient)
    XCTAssertTrue((x * 2).requiresGradient)
  }

  func testBackwardFreesWhatItHasPassed() {
    final class Deep: Module {
      let weight = Parameter(Tensor.ones([256, 256]) / 256)
      func forward(_ x: Tensor) -> Tensor {
        (0..<20).reduce(x) { y, _ in y.matmul(weight.value).tanh() }
      }
    }
    let model = Deep()
    let x = Tensor.ones([256, 256])
    let activation = 256 * 256 * 4
    let before = Device.cpu.memory.live
    Device.cpu.resetPeakMemory()
    _ = model.valueAndGradients { $0(x).sum() }
    let peak = Device.cpu.memory.peak - before
    // Twenty layers keep two results each; passing backward must not add as much again.
    XCTAssertLessThan(peak, 48 * activation)
    XCTAssertEqual(Device.cpu.memory.live, before)
  }

  func testUnreachedTensorsHaveZeroGradients() {
    let (x, y) = (Tensor([1.0]).tracked(), Tensor([2.0, 3.0]).tracked())
    XCTAssertEqual((x * 2).sum().gradients(for: [x, y])[1].elements(), [0, 0] as [Float])
  }

  func testClassicSourcesOfNaN() {
    let zero = Tensor([0.0]).tracked()
    XCTAssertTrue((zero.sqrt() * 0).sum().gradient(for: zero).item().isNaN)
    let masked = which(zero .> 0, zero.log(), Tensor([0.0])).sum()
    XCTAssertTrue(masked.gradient(for: zero).item().isNaN)
    let safe = which(zero .> 0, which(zero .> 0, zero, Tensor([1.0])).log(), Tensor([0.0]))
    XCTAssertEqual(safe.sum().gradient(for: zero).item(), 0)
  }

  func testMistakesAreNamedByTheirModule() {
    final class Inner: Module {
      let weight = Parameter(Tensor.ones([3, 2]))
      func forward(_ x: Tensor) -> Tensor { x.matmul(weight.value) }
    }
    final class Outer: Module {
      let blocks = [Inner(), Inner()]
      func forward(_ x: Tensor) -> Tensor { blocks[1](x) }
    }
    XCTAssertThrowsError(try validated { Outer()(Tensor.ones([1, 2])) }) { error in
      XCTAssertEqual(
        "\(error)", "blocks.1: matmul: expected […, m, k] and […, k, n], got [1, 2] and [3, 2]")
    }
  }

  func testValidatedScopesNest() throws {
    XCTAssertThrowsError(
      try validated {
        XCTAssertThrowsError(try validated { Tensor([1.0]).reshaped([2]) })
        return Tensor.ones([2]) + Tensor.ones([3])
      }
    ) { XCTAssertEqual(($0 as? TensorError)?.operation, "add") }
    XCTAssertEqual(try validated { Tensor([1.0]) + 1 }.item(), 2)
  }
}
