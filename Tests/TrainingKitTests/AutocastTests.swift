import Foundation
import TestSupport
import TrainingKit
import XCTest

/// What an autocast does to the precision of operations, and what it leaves alone.
final class AutocastTests: XCTestCase {
  private let halves: [DType] = [.float16, .bfloat16]

  func testLinearRunsInSixteenBitsAndItsGradientsComeBackInFloat32() {
    let layer = Linear(4, 3)
    let x = Tensor.randomNormal([2, 4])
    for dtype in halves {
      let y = autocast(dtype) { layer(x) }
      XCTAssertEqual(y.dtype, dtype)
      XCTAssertTrue(y.cast(to: .float32).isClose(to: layer(x), relative: 0.02, absolute: 0.02))
      let gradients = layer.gradients(of: y.cast(to: .float32).square().sum())
      for path in ["weight", "bias"] { XCTAssertEqual(gradients[path]?.dtype, .float32) }
    }
    XCTAssertEqual(layer.weight.value.dtype, .float32)
  }

  func testRegionsNestAndEnd() {
    let (a, b) = (Tensor.ones([2, 2]), Tensor.ones([2, 2]))
    func dtype() -> DType { a.matmul(b).dtype }
    autocast(.float16) {
      XCTAssertEqual(dtype(), .float16)
      autocast(.bfloat16) { XCTAssertEqual(dtype(), .bfloat16) }
      autocast(nil) {
        XCTAssertEqual(dtype(), .float32)
        autocast(.float16) { XCTAssertEqual(dtype(), .float16) }
      }
      autocast(.float16) { XCTAssertEqual(dtype(), .float16) }
      XCTAssertEqual(dtype(), .float16)
    }
    XCTAssertEqual(dtype(), .float32)
    struct Stop: Error {}
    XCTAssertThrowsError(try autocast(.float16) { throw Stop() })
    XCTAssertEqual(dtype(), .float32)
  }

  func testOtherDtypesAreMistakes() {
    for dtype in [DType.float32, .float64, .int64, .bool] {
      XCTAssertThrowsError(try validated { autocast(dtype) {} }) {
        XCTAssertEqual(($0 as? TensorError)?.operation, "autocast")
      }
    }
  }

  func testPlainInsideIsStrict() {
    let result = autocast(.float16) {
      Result {
        try validated {
          autocast(nil) { Tensor.ones([2, 2], dtype: .float16).matmul(.ones([2, 2])) }
        }
      }
    }
    XCTAssertThrowsError(try result.get()) { XCTAssertEqual(($0 as? TensorError)?.kind, .dtype) }
  }

  func testAWeightIsCastOnceInARegion() {
    let layer = Linear(4, 4)
    func cast() -> Tensor { Context.current.autocast!.cast(layer.weight.value, to: .float16) }
    autocast(.float16) {
      let first = cast()
      XCTAssertTrue(cast().storage === first.storage)
      _ = layer(Tensor.ones([1, 4]))
      autocast(.float16) { XCTAssertTrue(cast().storage === first.storage) }
    }
    let other = Tensor.ones([4, 4])
    autocast(.float16) {
      let autocast = Context.current.autocast!
      XCTAssertFalse(
        autocast.cast(other, to: .float16).storage === autocast.cast(other, to: .float16).storage)
    }
  }

  func testAnUpdateInsideARegionIsSeen() {
    let layer = Linear(2, 2, bias: false)
    let x = Tensor.eye(2)
    var optimizer = SGD()
    autocast(.bfloat16) {
      let loss = layer(x).sum()
      optimizer.update(layer, with: layer.gradients(of: loss), learningRate: 0.5)
      let fresh = layer.weight.value.cast(to: .bfloat16).transposed()
      XCTAssertTrue(layer(x).isIdentical(to: fresh))
    }
  }

  func testAParameterIsUpdatedInPlaceAfterARegion() {
    let layer = Linear(8, 8)
    var optimizer = SGD()
    let gradients = autocast(.float16) {
      layer.valueAndGradients { $0(Tensor.ones([1, 8])).sum() }.gradients
    }
    let address = layer.weight.value.address
    optimizer.update(layer, with: gradients, learningRate: 0.1)
    XCTAssertEqual(layer.weight.value.address, address)
  }

  func testAPassWithoutGradientsLeavesThemToTheNext() {
    let layer = Linear(3, 3)
    let x = Tensor.randomNormal([2, 3])
    let gradients = autocast(.float16) {
      withoutGradients { XCTAssertFalse(layer(x).requiresGradient) }
      return layer.gradients(of: layer(x).sum())
    }
    XCTAssertEqual(gradients.missing, [])
    XCTAssertGreaterThan(gradients.globalNorm, 0)
  }

  func testSeveralBackwardPassesShareACast() {
    let layer = Linear(3, 2)
    let x = Tensor.randomNormal([4, 3])
    autocast(.bfloat16) {
      let whole = layer.gradients(of: layer(x).sum())
      let parts = x.split(into: 2).map { layer.gradients(of: layer($0).sum()) }
      for path in whole.paths {
        // Parts that nearly cancel keep the rounding errors of their own size.
        XCTAssertTrue(
          (parts[0] + parts[1])[path]!.isClose(to: whole[path]!, relative: 0.02, absolute: 0.02))
      }
    }
  }

  func testGradientsInsideARegionHaveTheDtypesOfTheForwardPass() {
    let x = Tensor([1, 2, 3], dtype: .float16).tracked()
    let slope = autocast(.float16) { x.square().cast(to: .float32).sum().gradient(for: x) }
    XCTAssertEqual(slope.dtype, .float16)
    let weight = Tensor.randomNormal([3, 3]).tracked()
    let inside = autocast(.bfloat16) { weight.matmul(weight).sum().gradient(for: weight) }
    XCTAssertEqual(inside.dtype, .float32)
    let loss = autocast(.bfloat16) { weight.matmul(weight).sum() }
    XCTAssertTrue(inside.isIdentical(to: loss.gradient(for: weight)))
  }

  func testSecondDerivativesUnderAutocast() {
    let generator = RandomGenerator(seed: 1)
    let x = Tensor.randomNormal([16, 8], generator: generator)
    let weight = Tensor.randomNormal([12, 8], generator: generator).tracked()
    func penalty() -> Tensor {
      let y = x.linear(weight, bias: nil).layerNorm([12]).gelu() + x.linear(weight, bias: nil)
      return y.square().mean().gradient(for: weight, isRecorded: true).square().sum()
    }
    let exact = penalty().gradient(for: weight)
    for dtype in halves {
      let mixed = autocast(dtype) { penalty() }.gradient(for: weight)
      XCTAssertEqual(mixed.dtype, .float32)
      let distance = (mixed - exact).norm().item() / exact.norm().item()
      print("second derivative in \(dtype): within \(distance) of float32's")
      XCTAssertLessThan(distance, 2 * dtype.machineEpsilon, "\(dtype)")
    }
  }

  func testACustomOperationComputesInTheRegion() throws {
    struct Projected: CustomOperation {
      let weight: Tensor
      func forward(_ inputs: [Tensor]) -> Tensor { inputs[0].matmul(weight) }
      func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
        [gradient.cast(to: .float32).matmul(weight.transposed())]
      }
    }
    let x = Tensor.randomNormal([2, 2]).tracked()
    let slope = try autocast(.float16) {
      let y = Projected(weight: .eye(2))(x)
      XCTAssertEqual(y.dtype, .float16)
      // The gradient is written for float32 and would be cast in the region.
      return try validated { y.cast(to: .float32).sum().gradient(for: x) }
    }
    XCTAssertTrue(slope.isIdentical(to: .ones([2, 2])))
  }

  func testAnotherThreadIsNotInTheRegion() {
    autocast(.float16) {
      let done = expectation(description: "done")
      Thread {
        XCTAssertEqual(Tensor.ones([1, 1]).matmul(.ones([1, 1])).dtype, .float32)
        done.fulfill()
      }.start()
      wait(for: [done], timeout: 10)
    }
  }
}

/// Calls under PyTorch's autocast.
final class AutocastParityTests: XCTestCase {
  private static let calls: [String: @Sendable ([Tensor]) -> Tensor] = [
    "linear": { $0[0].linear($0[1], bias: $0[2]) },
    "conv2d": { $0[0].conv2d($0[1], bias: $0[2], padding: 1) },
    "matmul": { $0[0].matmul($0[1]) },
    "scaledDotProductAttention": {
      scaledDotProductAttention(query: $0[0], key: $0[1], value: $0[2], isCausal: true)
    },
  ]

  func testCallsMatchPyTorchs() throws {
    let file = try FixtureFile("precision")
    let cases = try file.cases("autocast call")
    for parity in cases {
      let dtype = DType(named: parity.attributes["dtype"]!.text)
      let tolerance = 4 * dtype.machineEpsilon
      let inputs = (0..<3).compactMap { file.tensor("input.\($0)", of: parity)?.tracked() }
      let output = autocast(dtype) { Self.calls[parity.name]!(inputs) }
      let expected = try XCTUnwrap(file.tensor("output", of: parity))
      XCTAssertEqual(output.dtype, expected.dtype)
      let name = "\(parity.name) in \(dtype)"
      XCTAssertTrue(output.isClose(to: expected, relative: tolerance, absolute: tolerance), name)
      let cotangent = try XCTUnwrap(file.tensor("cotangent", of: parity))
      for (place, gradient) in output.pullback(cotangent, to: inputs).enumerated() {
        let expected = try XCTUnwrap(file.tensor("gradient.\(place)", of: parity))
        XCTAssertEqual(gradient.dtype, .float32, name)
        XCTAssertTrue(
          gradient.isClose(to: expected, relative: tolerance, absolute: 2 * tolerance),
          "\(name), gradient \(place)")
      }
    }
    print("autocast: \(cases.count) calls as PyTorch's")
    XCTAssertEqual(cases.count, 8)
  }
}
