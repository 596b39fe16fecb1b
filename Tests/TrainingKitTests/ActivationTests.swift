import TestSupport
import TrainingKit
import XCTest

final class ActivationTests: XCTestCase {
  func testRandomSlopesAreThoseOfTheGradient() {
    let x = RandomGenerator(seed: 1).normal([4000], dtype: .float64).tracked()
    let y = x.rrelu(lower: 0.2, upper: 0.4, generator: RandomGenerator(seed: 2))
    let slopes = y.sum().gradient(for: x)
    XCTAssertTrue((slopes * x).isIdentical(to: y.detached()))
    let below = slopes.elements(Double.self).filter { $0 != 1 }
    XCTAssertEqual(below.count, x.elements(Double.self).filter { $0 <= 0 }.count)
    XCTAssertTrue(below.allSatisfy { (0.2..<0.4).contains($0) })
    XCTAssertEqual(below.reduce(0, +) / Double(below.count), 0.3, accuracy: 0.005)
    XCTAssertGreaterThan(Set(below).count, below.count - 5)
  }

  func testRandomSlopesAtCorners() {
    let x = Tensor([0, -0.0, Float.infinity, -.infinity, .nan]).tracked()
    let y = x.rrelu(lower: 0.25, upper: 0.25)
    XCTAssertEqual(y.elements(Float.self).prefix(4), [0, 0, .infinity, -.infinity])
    XCTAssertTrue(y[4].item().isNaN)
    let slopes = y.sum().gradient(for: x).elements(Float.self)
    XCTAssertEqual(slopes.prefix(4), [0.25, 0.25, 1, 0.25])
  }

  func testTheLayerOfRandomSlopesTakesTheirMeanInEvaluation() {
    let layer = RReLU()
    let x = Tensor([-24.0, 3])
    XCTAssertNotEqual(layer(x)[0].item(), layer(x)[0].item())
    layer.evaluate()
    XCTAssertEqual(layer(x).elements(Float.self), [-5.5, 3])
  }

  func testMistakesOfSlopes() {
    XCTAssertThrowsError(try validated { Tensor([1.0]).rrelu(lower: 0.4, upper: 0.2) }) {
      XCTAssertEqual(
        "\($0)",
        "rrelu: expected a lower slope that is not above the upper one, got 0.4 and 0.2")
    }
    XCTAssertThrowsError(try validated { Tensor([1]).rrelu() })
    XCTAssertThrowsError(try validated { RReLU(lower: 0, upper: .infinity)(Tensor([1.0])) })
  }

  func testGatesOfGatedUnitsAreTheSecondHalf() {
    let x = Tensor([[2.0, 3, 0, -1]])
    XCTAssertEqual(x.glu(.reGLU).elements(Float.self), [0, 0])
    XCTAssertEqual(x.glu().elements(Float.self)[0], 1)
    XCTAssertEqual(GLU(.swiGLU)(x)[0, 0].item(), 0)
    XCTAssertThrowsError(try validated { Tensor.zeros([2, 3]).glu() }) {
      XCTAssertEqual("\($0)", "glu: expected an even extent of axis 1, got [2, 3]")
    }
  }

  /// x − tanh(x) cancels to nothing where x is small; its series does not.
  func testTanhshrinkKeepsItsDigits() {
    let x = 1e-4
    let y = Tensor([x], dtype: .float64).tanhshrink().item()
    XCTAssertEqual(y / (x * x * x / 3), 1, accuracy: 1e-8)
  }

  /// The plain choice has the gradient NaN where the function that was not chosen is steep.
  func testAFunctionThatNeverMeetsItsSingularityHasFiniteGradients() {
    let x = Tensor([0, 4, -1], dtype: .float64).tracked()
    let plain = which(x .> 0, x.sqrt(), Tensor(0.0))
    XCTAssertTrue(plain.sum().gradient(for: x)[0].item().isNaN)
    let safe = x.mapped(where: x .> 0, otherwise: -1) { $0.sqrt() }
    XCTAssertEqual(safe.elements(Double.self), [-1, 2, -1])
    XCTAssertEqual(safe.sum().gradient(for: x).elements(Double.self), [0, 0.25, 0])
    let inverse = x.mapped(where: x .!= 1, standIn: 2) { 1 / ($0 - 1) }
    XCTAssertTrue(inverse.isFinite().all().item() == 1)
  }

  func testCosineSimilarityOfNothingIsZero() {
    let zero = Tensor.zeros([1, 3]).tracked()
    let cosine = zero.cosineSimilarity(Tensor([[1.0, 2, 2]]))
    XCTAssertEqual(cosine.item(), 0)
    XCTAssertEqual(cosine.sum().gradient(for: zero).isFinite().all().item(), 1)
    let same = Tensor([[3.0, 4]])
    XCTAssertEqual(same.cosineSimilarity(same * 2).item(), 1, accuracy: 1e-6)
  }
}
