import TestSupport
import TrainingKit
import XCTest

/// What initializers promise beyond the numbers of a seed.
final class InitializerDistributionTests: XCTestCase {
  /// The share of a normal distribution that is below x.
  private func share(below x: [Double]) -> [Double] {
    ((Tensor(x, dtype: .float64) * 0.5.squareRoot()).erf() / 2 + 0.5).elements()
  }

  /// The largest distance between the distribution of values and that of a normal one within bounds,
  /// by Kolmogorov and Smirnov, in units of 1/√count.
  private func distance(
    _ values: Tensor, _ mean: Double, _ deviation: Double, _ lower: Double, _ upper: Double
  ) -> Double {
    let sorted = values.cast(to: .float64).flattened().elements(Double.self).sorted()
    let count = Double(sorted.count)
    let edges = share(below: [(lower - mean) / deviation, (upper - mean) / deviation])
    let shares = share(below: sorted.map { ($0 - mean) / deviation })
    let distances = shares.enumerated().map { position, share in
      let expected = (share - edges[0]) / (edges[1] - edges[0])
      let place = Double(position) / count
      return max(abs(expected - place), abs(place + 1 / count - expected))
    }
    return distances.max()! * count.squareRoot()
  }

  func testTruncatedNormalIsANormalDistributionWithinItsBounds() {
    let rules: [(Double, Double, lower: Double, upper: Double)] = [
      (0, 1, -2, 2), (0, 0.02, -2, 2), (0, 1, 0, .infinity), (0, 1, -0.1, 0.1), (0, 1, 2, 3),
      (1, 0.5, -3, -0.25), (0, 1, 3, .infinity), (0, 1, 1000, 1e6),
    ]
    for (mean, deviation, lower, upper) in rules {
      for generator in [RandomGenerator(seed: 1), RandomGenerator(mersenneTwister: 1)] {
        let rule = Initializer.truncatedNormal(mean, deviation, lower: lower, upper: upper)
        let values = rule([20_000], dtype: .float64, generator: generator)
        XCTAssertGreaterThanOrEqual(values.min().item(), lower, "\(rule)")
        XCTAssertLessThanOrEqual(values.max().item(), upper, "\(rule)")
        // Shares of a tail that far out are rounded to 0.
        if lower < 1000 {
          XCTAssertLessThan(distance(values, mean, deviation, lower, upper), 1.95, "\(rule)")
        } else {
          XCTAssertEqual(values.mean().item(), 1000.001, accuracy: 1e-4, "\(rule)")
        }
      }
    }
  }

  /// No value stands at a bound more often than beside it: PyTorch's older rule had a heap of −2 in
  /// bfloat16.
  func testTruncatedNormalHasNoOutliersInHalves() {
    for dtype in [DType.bfloat16, .float16] {
      let values = Initializer.truncatedNormal(0, 0.02)(
        [200_000], dtype: dtype, generator: RandomGenerator(seed: 2))
      XCTAssertLessThan(values.abs().max().item(), 0.12, "\(dtype)")
      let wide = Initializer.truncatedNormal()(
        [200_000], dtype: dtype, generator: RandomGenerator(seed: 3))
      XCTAssertLessThanOrEqual(wide.abs().max().item(), 2)
      let atBound = (wide.abs() .== 2).cast(to: .float64).mean().item()
      // The density at the bounds times the width of what rounds to them, with room for chance.
      let expected = 2 * 0.0539_909_665 / 0.954_499_736 * dtype.machineEpsilon * 1.5
      XCTAssertLessThan(atBound, 1.2 * expected + 1e-4, "\(dtype)")
      let below = Initializer.truncatedNormal(lower: -0.3, upper: 0.7)(
        [20_000], dtype: dtype, generator: RandomGenerator(seed: 4))
      let bounds = Tensor([-0.3, 0.7]).cast(to: dtype).elements(Double.self)
      XCTAssertGreaterThanOrEqual(below.min().item(), bounds[0])
      XCTAssertLessThanOrEqual(below.max().item(), bounds[1])
    }
  }

  func testADeviationOfZeroGivesTheMean() {
    let values = Initializer.truncatedNormal(0.5, 0)([3])
    XCTAssertEqual(values.elements(Float.self), [0.5, 0.5, 0.5])
  }

  func testOrthogonalRowsOrColumnsAreOrthogonalAndOfOneLength() {
    for shape in [[4, 4], [64, 17], [17, 64], [6, 3, 2, 2], [1, 9], [9, 1]] as [Shape] {
      for dtype in [DType.float64, .float32, .bfloat16] {
        let weight = Initializer.orthogonal(gain: 2)(
          shape, dtype: dtype, generator: RandomGenerator(seed: 5))
        let matrix = weight.reshaped([shape[0], -1]).cast(to: .float64)
        let isWide = matrix.shape[0] < matrix.shape[1]
        let product =
          isWide ? matrix.matmul(matrix.transposed()) : matrix.transposed().matmul(matrix)
        let error = (product - 4 * Tensor.eye(product.shape[0], dtype: .float64)).abs().max().item()
        XCTAssertLessThan(error, 64 * dtype.machineEpsilon, "\(shape) in \(dtype)")
      }
    }
  }

  /// A rotation is as likely as a reflection, and every direction as any other.
  func testOrthogonalMatricesAreSpreadEvenly() {
    let generator = RandomGenerator(seed: 6)
    let corners = stack(
      (0..<2000).map { _ in
        Initializer.orthogonal()([3, 3], dtype: .float64, generator: generator)
      })
    XCTAssertLessThan(corners.mean(axis: 0).abs().max().item(), 0.06)
    XCTAssertEqual(corners.square().mean().item(), 1.0 / 3, accuracy: 1e-12)
    // A coordinate of a random direction in space is evenly spread over −1 … 1.
    let fourth = corners.square().square().mean(axis: 0) - 0.2
    XCTAssertLessThan(fourth.abs().max().item(), 0.03)
  }

  func testSparseReachesEachInputEquallyOften() {
    let weight = Initializer.sparse(0.3)([10, 50], generator: RandomGenerator(seed: 7))
    let zeros = (weight .== 0).cast(to: .float32).sum(axis: 0)
    XCTAssertEqual(zeros.elements(Float.self), Array(repeating: 3, count: 50))
    let rows = (weight .== 0).cast(to: .float32).sum(axis: 1)
    XCTAssertGreaterThan(rows.min().item(), 4)
    XCTAssertGreaterThan(weight.max().item(), 0.02)
  }

  /// The zeros come from the generator that was given, and from no other.
  func testSparseLeavesTheCurrentGeneratorAlone() {
    let state = RandomGenerator.current.state
    _ = Initializer.sparse(0.3)([10, 5], generator: RandomGenerator(seed: 7))
    XCTAssertEqual(RandomGenerator.current.state, state)
  }

  func testADiracConvolutionPassesOnItsInput() {
    let x = RandomGenerator(seed: 8).normal([2, 4, 5, 6])
    let plain = x.conv2d(Initializer.dirac()([4, 4, 3, 3]), padding: .by(1))
    XCTAssertTrue(plain.isIdentical(to: x))
    let grouped = x.conv2d(
      Initializer.dirac(groups: 2)([4, 2, 3, 3]), padding: .by(1), groups: 2)
    XCTAssertTrue(grouped.isIdentical(to: x))
  }
}

final class InitializeModelTests: XCTestCase {
  private let model = Sequential {
    Linear(3, 4)
    Linear(4, 2, bias: false)
  }

  func testChosenParametersStartAnewAndOthersStay() throws {
    let bias = model.parameters[1].parameter.value
    let paths = model.initialize(
      where: .path("**.weight"), with: .truncatedNormal(0, 0.02),
      generator: RandomGenerator(mersenneTwister: 0))
    XCTAssertEqual(paths, ["0.weight", "1.weight"])
    XCTAssertTrue(model.parameters[1].parameter.value.isIdentical(to: bias))
    let generator = RandomGenerator(mersenneTwister: 0)
    for position in [0, 2] {
      let value = model.parameters[position].parameter.value
      XCTAssertTrue(value.requiresGradient)
      let expected = Initializer.truncatedNormal(0, 0.02)(value.shape, generator: generator)
      XCTAssertTrue(value.isIdentical(to: expected))
    }
    model.convert(to: .bfloat16)
    XCTAssertEqual(model.initialize(with: .ones).count, 3)
    XCTAssertTrue(model.parameters.allSatisfy { $0.parameter.value.mean().item() == 1 })
    XCTAssertTrue(model.parameters.allSatisfy { $0.parameter.value.dtype == .bfloat16 })
  }

  func testAFilterThatFindsNothingIsAMistake() {
    XCTAssertThrowsError(
      try validated { model.initialize(where: .path("**.wait"), with: .zeros) }
    ) {
      XCTAssertEqual(
        "\($0)",
        "initialize: expected a filter that lets a parameter through, "
          + "got none of 0.weight, 0.bias, 1.weight")
    }
  }

  /// The biases have no fans: nothing is changed, and the first of them is named.
  func testAnInitializerThatDoesNotFitChangesNothing() {
    let before = model.parameters.map(\.parameter.value)
    XCTAssertThrowsError(try validated { model.initialize(with: .orthogonal()) }) {
      XCTAssertEqual(
        "\($0)", "0.bias: orthogonal: expected a weight of at least two axes, got [4]")
    }
    for (named, value) in zip(model.parameters, before) {
      XCTAssertTrue(named.parameter.value.isIdentical(to: value), named.path)
    }
  }
}
