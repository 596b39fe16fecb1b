import TestSupport
import TrainingKit
import XCTest

final class GradientAccumulatorTests: XCTestCase {
  private let x = RandomGenerator(seed: 1).normal([16, 4], dtype: .float64)
  private let y = RandomGenerator(seed: 2).integers([16], in: 0..<3)
  private let model = withRandomGenerator(RandomGenerator(seed: 3)) { Linear(4, 3) }

  override func setUp() { model.convert(to: .float64) }

  /// Splits of the 16 rows; 4 and 9 are empty parts.
  private let splits = [[0, 16], [0, 1, 16], [0, 4, 4, 9, 9, 9, 16], [0, 0, 15, 16, 16]]

  private func parts(_ bounds: [Int]) -> [(x: Tensor, y: Tensor, count: Int)] {
    zip(bounds, bounds.dropFirst()).map { (x[$0..<$1], y[$0..<$1], $1 - $0) }
  }

  func testAnySplitGivesTheGradientOfTheWholeBatch() throws {
    let (loss, whole) = model.valueAndGradients { crossEntropy($0(x), y) }
    for isSum in [true, false] {
      for bounds in splits {
        var accumulator = GradientAccumulator()
        for part in parts(bounds) {
          let (loss, gradients) = model.valueAndGradients {
            crossEntropy($0(part.x), part.y, reduction: isSum ? .sum : .mean)
          }
          if isSum {
            accumulator.add(gradients, ofSum: loss.item(), count: Double(part.count))
          } else {
            accumulator.add(gradients, ofMean: loss.item(), count: Double(part.count))
          }
        }
        let mean = try XCTUnwrap(accumulator.mean)
        XCTAssertEqual(mean.loss, loss.item(), accuracy: 1e-15)
        XCTAssertEqual(accumulator.count, 16)
        XCTAssertEqual(accumulator.parts, bounds.count - 1)
        XCTAssertEqual(
          accumulator.emptyParts, zip(bounds, bounds.dropFirst()).filter { $0 == $1 }.count)
        for (got, expected) in zip(mean.gradients.values.joined(), whole.values.joined()) {
          XCTAssertEqual(got, expected, accuracy: 1e-15, "sum: \(isSum), \(bounds)")
        }
      }
    }
  }

  func testTheMeanOfMeansIsAnother() {
    let bounds = [0, 1, 16]
    let whole = model.valueAndGradients { crossEntropy($0(x), y) }.gradients
    let sum =
      parts(bounds).map { part in
        model.valueAndGradients { crossEntropy($0(part.x), part.y) }.gradients
      }.reduce(Gradients([])) { $0 + $1 } * 0.5
    XCTAssertGreaterThan((sum + whole * -1).globalNorm, 0.1)
  }

  func testNothingCountedIsNoGradient() {
    var accumulator = GradientAccumulator()
    XCTAssertNil(accumulator.mean)
    accumulator.add(Gradients([[.nan]]), ofMean: .nan, count: 0)
    accumulator.add(Gradients([[0]]), ofSum: 0, count: 0)
    XCTAssertNil(accumulator.mean)
    XCTAssertEqual([accumulator.parts, accumulator.emptyParts], [2, 2])
    accumulator.add(Gradients([[6]]), ofSum: 4, count: 2)
    XCTAssertEqual(accumulator.mean?.gradients.values, [[3]])
    XCTAssertEqual(accumulator.mean?.loss, 2)
  }

  func testHalvesAreSummedInFloat32() {
    for dtype in [DType.bfloat16, .float16, .float32, .float64] {
      var accumulator = GradientAccumulator()
      for _ in 0..<1000 { accumulator.add(Gradients([[1]], dtype), ofSum: 1, count: 0.001) }
      let gradient = accumulator.mean!.gradients["part0"]!
      XCTAssertEqual(gradient.item(), 1000, accuracy: 1e-3)
      XCTAssertEqual(gradient.dtype, dtype == .float64 ? .float64 : .float32)
    }
  }

  func testAPartMayMissAParameter() {
    func gradients(_ tensors: [String: Tensor], missing: [String]) -> Gradients {
      Gradients(paths: tensors.keys.sorted(), missing: missing, tensors: tensors)
    }
    var accumulator = GradientAccumulator()
    accumulator.add(gradients(["a": Tensor([2.0])], missing: ["b", "c"]), ofSum: 0, count: 1)
    accumulator.add(gradients(["b": Tensor([4.0])], missing: ["a", "c"]), ofSum: 0, count: 1)
    let mean = accumulator.mean!.gradients
    XCTAssertEqual(mean.paths, ["a", "b"])
    XCTAssertEqual(mean.missing, ["c"])
    XCTAssertEqual(mean.values, [[1], [2]])
  }

  func testCountsAreChecked() {
    for count in [-1, Double.nan, .infinity] {
      var accumulator = GradientAccumulator()
      XCTAssertThrowsError(
        try validated { accumulator.add(Gradients([[1]]), ofSum: 1, count: count) }
      ) {
        XCTAssertEqual(
          "\($0)", "GradientAccumulator: expected a count of 0 or more, got \(count)")
      }
      XCTAssertEqual(accumulator.parts, 0)
    }
  }
}
