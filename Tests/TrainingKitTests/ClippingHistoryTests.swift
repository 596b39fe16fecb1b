import Foundation
import TrainingKit
import XCTest

private let drift: [Double] = [1, 1.3, 1.1, 1.4, 1.2, 0.9, 1.1, 1.3, 1, 1.2, 1.1, 1.4, 1.3]

final class ClippingHistoryTests: XCTestCase {
  private let norms: [Double] = drift + [50, 1.2] + drift
  private let rules: [() -> Clipping] = [
    { .zScore(warmup: 5) }, { .percentile(50) }, { .percentile(80, window: 4) },
  ]

  private func run(_ clipping: inout Clipping, _ norms: some Sequence<Double>) -> [Double] {
    norms.map { clipping.clip(Gradients([[$0]])).report.factor }
  }

  func testAResumedHistoryGoesOnToTheSameBits() throws {
    for make in rules {
      var whole = make()
      let expected = run(&whole, norms)
      XCTAssertTrue(expected.contains { $0 != 1 })
      var first = make()
      let before = run(&first, norms[..<11])
      let text = try JSONEncoder().encode(first.history)
      var second = make()
      second.history = try JSONDecoder().decode(ClippingHistory.self, from: text)
      XCTAssertEqual(second.history, first.history)
      XCTAssertEqual(before + run(&second, norms[11...]), expected)
      XCTAssertEqual(second.history, whole.history)
    }
  }

  func testANormThatIsNotFiniteNeverEnters() {
    for make in rules {
      var clipping = make()
      _ = run(&clipping, norms)
      let before = clipping.history
      for stray in [Double.nan, .infinity] {
        let (gradients, report) = clipping.clip(Gradients([[1], [stray]]))
        XCTAssertEqual(report.culprit, "part1")
        XCTAssertEqual(gradients.values[0], [1])
        XCTAssertEqual(clipping.history, before)
      }
      XCTAssertEqual(clipping.history.count, norms.count)
    }
  }

  func testAHistoryIsAValue() {
    var clipping = Clipping.percentile(50)
    let copy = clipping
    _ = run(&clipping, [1, 2, 3])
    XCTAssertEqual(copy.history, ClippingHistory())
    XCTAssertEqual(clipping.history.norms, [1, 2, 3])
  }

  func testASpikeIsClippedAndMovesTheMeanLittle() {
    var clipping = Clipping.zScore(warmup: 10)
    _ = run(&clipping, (0..<10).map { 1 + 0.01 * Double($0 % 2) })
    let mean = clipping.history.mean
    XCTAssertEqual(mean, 1.005, accuracy: 1e-12)
    XCTAssertEqual(clipping.history.variance, 2.5e-5, accuracy: 1e-12)
    XCTAssertEqual(clipping.history.norms, [])
    let report = clipping.clip(Gradients([[1000]])).report
    XCTAssertEqual(report.factor, report.maximum / 1000.000001, accuracy: 1e-15)
    XCTAssertLessThan(report.maximum, 1.006)
    XCTAssertEqual(clipping.history.mean, mean, accuracy: 1e-4)
  }

  func testTheMaximumHoldsDuringTheFirstSteps() {
    var clipping = Clipping.zScore(warmup: 3, maximum: 2)
    XCTAssertEqual(run(&clipping, [1, 8]), [1, 2 / 8.000001])
    XCTAssertEqual(clipping.history.norms, [1, 8])
  }

  func testAWindowForgets() {
    var clipping = Clipping.percentile(100, window: 3)
    _ = run(&clipping, [9, 1, 2, 3])
    XCTAssertEqual(clipping.history.norms, [1, 2, 3])
    XCTAssertEqual(clipping.clip(Gradients([[1]])).report.maximum, 3)
  }
}
