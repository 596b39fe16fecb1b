import TestSupport
import TrainingKit
import XCTest

final class GradientSmoothingTests: XCTestCase {
  func testSmoothingFollowsItsFormula() throws {
    let file = try FixtureFile("clipping")
    var compared = 0
    try withEvery("smoothing", in: file.cases("smoothing")) { parity in
      let given = try XCTUnwrap(file.tensor("gradients", of: parity))
      let expected = try XCTUnwrap(file.tensor("smoothed", of: parity))
      var smoothing = GradientSmoothing(decay: parity.attributes["decay"]!.number)
      var last: [Double] = []
      for step in 0..<given.shape[0] {
        // Every fifth step brings no gradient; the average stays.
        if step % 5 != 3 { last = smoothing.smoothed(Gradients(parts: [given[step]])).values[0] }
        let tolerance = given.dtype == .float64 ? 1e-13 : 2e-5
        for (got, wanted) in zip(last, expected[step].elements(Double.self)) {
          expect(abs(got - wanted) <= tolerance * max(1, abs(wanted)), "\(step): \(got), \(wanted)")
          compared += 1
        }
      }
    }
    print("smoothing: \(compared) numbers follow the formula")
    XCTAssertEqual(compared, 16 * 60)
  }

  func testAveragesAreOfDifferentGradients() {
    // The line p = 0.9 p + 0.1 p would give the second gradient itself.
    var smoothing = GradientSmoothing(decay: 0.9)
    XCTAssertEqual(smoothing.smoothed(Gradients([[1]])).values[0][0], 1, accuracy: 1e-15)
    let second = smoothing.smoothed(Gradients([[3]])).values[0][0]
    XCTAssertEqual(second, (0.9 * 0.1 * 1 + 0.1 * 3) / (1 - 0.81), accuracy: 1e-14)
  }

  func testAParameterWithoutAGradientKeepsItsAverage() {
    let first = Gradients(parts: [Tensor([1.0]), Tensor([5.0])])
    var smoothing = GradientSmoothing(decay: 0.5)
    _ = smoothing.smoothed(first)
    let alone = smoothing.smoothed(Gradients(parts: [Tensor([2.0])]))
    XCTAssertEqual(alone.paths, ["part0"])
    XCTAssertEqual(smoothing.states["part1"]?.step, 1)
    XCTAssertEqual(smoothing.smoothed(first)["part1"]!.item(), 5, accuracy: 1e-6)
    XCTAssertEqual(smoothing.states["part1"]?.step, 2)
  }

  func testNonFiniteGradientsAreRefused() {
    var smoothing = GradientSmoothing(decay: 0.5)
    _ = smoothing.smoothed(Gradients([[1], [2]]))
    for stray in [Double.nan, .infinity] {
      let returned = smoothing.smoothed(Gradients([[7], [stray]]))
      XCTAssertEqual(returned.values[0], [7])
      XCTAssertEqual(returned.firstNonFinite, "part1")
    }
    XCTAssertEqual(smoothing.states["part0"]?.step, 1)
    XCTAssertEqual(smoothing.states["part0"]?.tensors["average"]?.elements(), [0.5])
  }

  func testHalvesAreAveragedInFloat32() {
    var smoothing = GradientSmoothing(decay: 0.999)
    var last = 0.0
    for _ in 0..<3000 { last = smoothing.smoothed(Gradients([[1]], .bfloat16)).values[0][0] }
    XCTAssertEqual(last, 1, accuracy: 1e-4)
    XCTAssertEqual(smoothing.states["part0"]?.tensors["average"]?.dtype, .float32)
  }

  func testAResumedSmoothingGoesOnToTheSameBits() throws {
    let model = Linear(3, 2)
    func gradients(_ step: Int) -> Gradients {
      model.gradients(of: model(RandomGenerator(seed: UInt64(step)).normal([4, 3])).square().sum())
    }
    var whole = GradientSmoothing()
    for step in 0..<3 { _ = whole.smoothed(gradients(step)) }
    var resumed = GradientSmoothing()
    try resumed.load(whole.state(), for: model)
    XCTAssertEqual(
      whole.smoothed(gradients(3)).values, resumed.smoothed(gradients(3)).values)

    let before = resumed.state().mapValues { $0.elements(Double.self) }
    func assertRefused(_ expected: StateError, _ change: (inout [String: Tensor]) -> Void) {
      var state = whole.state()
      change(&state)
      XCTAssertThrowsError(try resumed.load(state, for: model)) {
        XCTAssertEqual($0 as? StateError, expected)
      }
      XCTAssertEqual(resumed.state().mapValues { $0.elements(Double.self) }, before)
    }
    assertRefused(.missing(["bias.average"])) { $0["bias.average"] = nil }
    assertRefused(.unexpected(["head.average"])) { $0["head.average"] = Tensor([1.0]) }
    assertRefused(.shape(path: "bias.average", expected: [2], got: [1])) {
      $0["bias.average"] = Tensor([1.0])
    }
    try resumed.load([:], for: model)
    XCTAssertTrue(resumed.states.isEmpty)
  }

  func testMistakes() {
    XCTAssertThrowsError(try validated { GradientSmoothing(decay: 1) }) {
      XCTAssertEqual(
        "\($0)", "GradientSmoothing: expected decay from 0 to below 1, got 1.0")
    }
    var smoothing = GradientSmoothing()
    _ = smoothing.smoothed(Gradients([[1, 2]]))
    XCTAssertThrowsError(try validated { smoothing.smoothed(Gradients([[1]])) }) {
      XCTAssertEqual("\($0)", "smoothed: expected a gradient of [2] for part0, got [1]")
    }
    XCTAssertEqual(smoothing.states["part0"]?.step, 1)
  }
}
