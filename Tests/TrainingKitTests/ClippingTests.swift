import TestSupport
import TrainingKit
import XCTest

extension Gradients {
  /// The gradients of parameters named part0, part1, ….
  init(parts tensors: [Tensor]) {
    let paths = tensors.indices.map { "part\($0)" }
    self.init(
      paths: paths, missing: [], tensors: Dictionary(uniqueKeysWithValues: zip(paths, tensors)))
  }

  init(_ parts: [[Double]], _ dtype: DType = .float64) {
    self.init(parts: parts.map { Tensor($0, dtype: dtype) })
  }

  /// The elements of all gradients in their order.
  var values: [[Double]] { paths.map { self[$0]!.elements() } }
}

final class ClippingTests: XCTestCase {
  private func gradients(_ parts: [[Double]], _ dtype: DType = .float64) -> Gradients {
    Gradients(parts, dtype)
  }

  private func values(_ gradients: Gradients) -> [[Double]] { gradients.values }

  func testTheGlobalNormIsThatOfAllParts() {
    let (clipped, report) = gradients([[3], [0, 4]]).clipped(toGlobalNorm: 1)
    XCTAssertEqual(report.norm, 5)
    XCTAssertEqual(report.factor, 1 / (5 + 1e-6))
    XCTAssertEqual(values(clipped)[0][0], 0.59999988, accuracy: 1e-8)
    XCTAssertEqual(values(clipped)[1][1], 0.79999984, accuracy: 1e-8)
    XCTAssertTrue(report.isClipped)
  }

  func testGradientsWithinTheNormAreLeftAsTheyAre() {
    for maximum in [5, 5.1, .infinity] {
      let (clipped, report) = gradients([[3, 4]]).clipped(toGlobalNorm: maximum)
      XCTAssertEqual(values(clipped), [[3, 4]])
      XCTAssertFalse(report.isClipped)
    }
    XCTAssertEqual(values(gradients([[0, 0]]).clipped(toGlobalNorm: 0).gradients), [[0, 0]])
    XCTAssertEqual(values(gradients([[3, 4]]).clipped(toGlobalNorm: 0).gradients), [[0, 0]])
  }

  func testHugeFiniteGradientsAreClippedNotZeroed() {
    let (clipped, report) = gradients([[3e30, 4e30]], .float32).clipped(toGlobalNorm: 1)
    XCTAssertEqual(report.norm, 5e30, accuracy: 1e24)
    XCTAssertEqual(values(clipped)[0][0], 0.6, accuracy: 1e-6)
    let (halves, _) = gradients([[300, 300, 300, 300]], .float16).clipped(toGlobalNorm: 1)
    XCTAssertEqual(values(halves)[0], Array(repeating: 0.5, count: 4))
  }

  func testANonFiniteGradientSpreadsToNoOther() {
    for stray in [Double.nan, .infinity, -.infinity] {
      for clipping in everyRule {
        let given = gradients([[3, 4], [1, stray], [5]])
        var clipping = clipping
        let (clipped, report) = clipping.clip(given)
        XCTAssertEqual(report.nonFinite, "part1")
        XCTAssertEqual(report.culprit, "part1")
        XCTAssertEqual(clipping.history, ClippingHistory())
        XCTAssertFalse(report.norm.isFinite)
        XCTAssertFalse(report.isClipped)
        XCTAssertEqual(values(clipped)[0], [3, 4])
        XCTAssertEqual(values(clipped)[2], [5])
      }
    }
  }

  func testValuesAreBroughtIntoTheLimit() {
    let (clipped, report) = gradients([[-3, 0.5, 4]]).clipped(toValue: 1)
    XCTAssertEqual(values(clipped), [[-1, 0.5, 1]])
    XCTAssertEqual(report.factor, (2.25 / 25.25).squareRoot(), accuracy: 1e-15)
    XCTAssertEqual(values(gradients([[-3, 4]]).clipped(toValue: 0).gradients), [[0, 0]])
  }

  func testNoGradientsHaveNorm0() {
    for rule in everyRule {
      var clipping = rule
      let (clipped, report) = clipping.clip(gradients([[Double]]()))
      XCTAssertEqual(report.norm, 0)
      XCTAssertEqual(report.factor, 1)
      XCTAssertNil(report.culprit)
      XCTAssertTrue(clipped.paths.isEmpty)
      XCTAssertEqual(clipping.clip(gradients([[], [0, 0]])).gradients.values, [[], [0, 0]])
    }
  }

  func testOtherNorms() {
    for (p, norm, factor) in [
      (1.0, 7.0, 1 / 7.000001), (3, 4.497941445, 1 / 4.497942445), (.infinity, 4, 1 / 4.000001),
    ] {
      let (clipped, report) = gradients([[3, -4]]).clipped(toGlobalNorm: 1, p: p)
      XCTAssertEqual(report.norm, norm, accuracy: 1e-9)
      XCTAssertEqual(report.factor, factor, accuracy: 1e-9)
      XCTAssertEqual(values(clipped)[0][1], -4 * factor, accuracy: 1e-9)
    }
  }

  func testEachParameterHasItsOwnNorm() {
    let given = gradients([[3, 4], [0.3, 0.4], [0, 12]])
    let (clipped, report) = given.clipped(toParameterNorm: 1)
    XCTAssertEqual(values(clipped)[1], [0.3, 0.4])
    XCTAssertEqual(report.factors, ["part0": 1 / 5.000001, "part2": 1 / 12.000001])
    XCTAssertEqual(report.culprit, "part2")
    XCTAssertEqual(report.norm, (25 + 0.25 + 144.0).squareRoot(), accuracy: 1e-14)
    XCTAssertEqual(report.factor, clipped.globalNorm / given.globalNorm, accuracy: 1e-14)
  }

  func testUnitsAreComparedWithTheirWeights() {
    let model = Linear(2, 3)
    model.weight.value = Tensor([[3, 4], [0, 0], [0.6, 0.8]])
    model.bias!.value = Tensor([2.0, 0, 0])
    let tensors = [
      "weight": Tensor([[3.0, 4], [3, 4], [0.01, 0]]), "bias": Tensor([0, 0, 1.0]),
    ]
    let given = Gradients(paths: ["weight", "bias"], missing: [], tensors: tensors)
    let (clipped, report) = given.clipped(toUnitNorm: 0.1, of: model)
    let expected = [0.3, 0.4, 6e-5, 8e-5, 0.01, 0]
    for (got, wanted) in zip(values(clipped)[0], expected) {
      XCTAssertEqual(got, wanted, accuracy: 1e-7)
    }
    XCTAssertEqual(values(clipped)[1][2], 0.2, accuracy: 1e-7)
    XCTAssertEqual(Set(report.factors.keys), ["weight", "bias"])
    XCTAssertEqual(report.factor, clipped.globalNorm / given.globalNorm, accuracy: 1e-7)

    let filtered = given.clipped(toUnitNorm: 0.1, of: model, for: !.path("bias"))
    XCTAssertEqual(values(filtered.gradients)[1], [0, 0, 1])
    XCTAssertEqual(Array(filtered.report.factors.keys), ["weight"])

    model.bias!.value = Tensor([.nan, 0, 0])
    let beside = given.clipped(toUnitNorm: 0.1, of: model)
    XCTAssertEqual(values(beside.gradients)[1], [0, 0, 1], "weights that are not finite")
  }

  func testClippedGradientsComposeWithEverything() {
    let (clipped, _) = gradients([[3, 4]]).clipped(toGlobalNorm: 1)
    let factor = 1 / 5.000001
    XCTAssertEqual(clipped.unscaled("part0")?.factor, factor)
    XCTAssertEqual(clipped.unscaled("part0")?.gradient.elements(), [3.0, 4])
    XCTAssertEqual(values(clipped), [[3 * factor, 4 * factor]])
    XCTAssertEqual(values(clipped * 2), [[6 * factor, 8 * factor]])
    XCTAssertEqual(values(clipped + clipped), [[6 * factor, 8 * factor]])
    XCTAssertEqual(clipped.globalNorm, 5 * factor, accuracy: 1e-15)
    let twice = clipped.clipped(toGlobalNorm: 0.5).gradients
    XCTAssertEqual(values(twice)[0][0], 3 * factor * 0.5 / (5 * factor + 1e-6), accuracy: 1e-15)
    XCTAssertEqual(values(clipped.mapped { $1 })[0], values(clipped)[0])
  }

  func testAParameterThatIsUsedTwiceIsClippedOnce() {
    final class Tied: Module {
      let first = Linear(2, 2, bias: false)
      lazy var second = first
      func forward(_ x: Tensor) -> Tensor { second(first(x)) }
    }
    let model = Tied()
    _ = model.second
    let gradients = model.gradients(of: model(Tensor.ones([1, 2])).square().sum())
    XCTAssertEqual(gradients.paths.count, 1)
    let (clipped, report) = gradients.clipped(toGlobalNorm: 1e-3)
    XCTAssertEqual(report.norm, gradients.globalNorm)
    XCTAssertEqual(clipped.globalNorm, 1e-3, accuracy: 2e-6)
  }

  /// One of each kind.
  private var everyRule: [Clipping] {
    [
      .none, .globalNorm(1), .globalNorm(1, p: 1), .globalNorm(0, p: .infinity), .parameterNorm(1),
      .value(1), .unitNorm(), .zScore(warmup: 1), .percentile(10),
    ]
  }

  func testLimitsAreChecked() {
    for (sentence, make) in [
      (
        "Clipping: expected a maximum norm of 0 or more, or infinity, got -1.0",
        { Clipping.globalNorm(-1) }
      ),
      (
        "Clipping: expected a largest value of 0 or more, or infinity, got nan",
        { Clipping.value(.nan) }
      ),
      (
        "Clipping: expected a maximum norm of 0 or more, or infinity, got nan",
        { Clipping.parameterNorm(.nan) }
      ),
      ("Clipping: expected a p above 0, or infinity, got 0.0", { Clipping.globalNorm(1, p: 0) }),
      (
        "Clipping: expected a p above 0, or infinity, got -inf",
        { Clipping.globalNorm(1, p: -.infinity) }
      ),
      (
        "Clipping: expected a ratio of 0 or more, or infinity, got -0.1",
        { Clipping.unitNorm(ratio: -0.1) }
      ),
      (
        "Clipping: expected an epsilon of 0 or more, got inf",
        { Clipping.unitNorm(epsilon: .infinity) }
      ),
      ("Clipping: expected a threshold above 0, got 0.0", { Clipping.zScore(0) }),
      ("Clipping: expected a decay from 0 to below 1, got 1.0", { Clipping.zScore(decay: 1) }),
      ("Clipping: expected a warmup of at least 1 step, got 0", { Clipping.zScore(warmup: 0) }),
      ("Clipping: expected a percentile from 0 to 100, got 101.0", { Clipping.percentile(101) }),
      (
        "Clipping: expected a window of at least 1 norm, got 0",
        { Clipping.percentile(window: 0) }
      ),
    ] {
      XCTAssertThrowsError(try validated { make() }) { XCTAssertEqual("\($0)", sentence) }
    }
  }
}
