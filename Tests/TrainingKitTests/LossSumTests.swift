import TrainingKit
import XCTest

/// Parts of a batch add up to the batch, however unequal they are.
final class LossSumTests: XCTestCase {
  private let logits = RandomGenerator(seed: 1).normal([9, 4], dtype: .float64)
  private let labels = Tensor([0, -100, 3, -100, -100, -100, 1, 1, 2])
  private let weight = Tensor([0.5, 1, 2, 4], dtype: .float64)
  /// The second part has no label that takes part.
  private let sizes = [3, 3, 2, 1]

  private func parts(_ x: Tensor) -> [(x: Tensor, y: Tensor)] {
    Array(zip(x.split(sizes: sizes), labels.split(sizes: sizes)))
  }

  func testSumsAndCountsOfPartsGiveTheMeanOfTheWhole() {
    for weight in [nil, weight] {
      let x = logits.tracked()
      let whole = crossEntropy(x, labels, weight: weight)
      let total = parts(x).map {
        crossEntropy($0.x, $0.y, weight: weight, reduction: .counted)
      }.reduce(.zero, +)
      XCTAssertEqual(total.count, labelCount(labels, weight: weight))
      XCTAssertEqual(total.mean.item(), whole.item(), accuracy: 1e-15)
      let gradient = total.mean.gradient(for: x)
      XCTAssertTrue(gradient.isClose(to: whole.gradient(for: x), relative: 1e-14, absolute: 1e-17))
    }
  }

  func testAStepOverPartsIsTheStepOverTheBatch() throws {
    func moved(by step: (inout TrainingRun<Linear>) throws -> StepOutcome) throws -> Tensor {
      let model = withRandomGenerator(RandomGenerator(seed: 2)) { Linear(4, 4) }
      model.convert(to: .float64)
      var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(1))
      guard case .applied = try step(&run) else { return .zeros([]) }
      return model.weight.value
    }
    let whole = try moved { run in try run.step { crossEntropy($0(logits), labels) } }
    let split = try moved { run in
      try run.step(accumulating: parts(logits), weight: { labelCount($0.y) }) {
        crossEntropy($0($1.x), $1.y)
      }
    }
    XCTAssertTrue(split.isClose(to: whole, relative: 1e-13, absolute: 1e-15))
    let byParts = try moved { run in
      try run.step(accumulating: parts(logits)) { crossEntropy($0($1.x), $1.y) }
    }
    XCTAssertFalse(byParts.isClose(to: whole, relative: 1e-3), "the mean of means is another")
  }

  func testAHalfSumOverflowsNowhere() {
    let x = Tensor.zeros([40_000, 2], dtype: .float16)
    XCTAssertEqual(meanSquaredError(x + 2, x).item(), 4)
    XCTAssertEqual(meanSquaredError(x + 2, x, reduction: .counted).sum.item(), 320_000)
    let labels = Tensor.zeros([40_000], dtype: .int64)
    let counted = crossEntropy(x, labels, reduction: .counted)
    XCTAssertEqual(counted.sum.dtype, .float32)
    XCTAssertEqual(counted.mean.item(), 0.6931, accuracy: 1e-3)
    XCTAssertEqual(
      crossEntropy(x, labels, weight: Tensor([3.0, 1])).item(), 0.6931, accuracy: 1e-3)
  }

  func testCountsFollowWeightsAndIgnoredLabels() {
    XCTAssertEqual(labelCount(labels), 5)
    XCTAssertEqual(labelCount(labels, weight: weight), 0.5 + 4 + 1 + 1 + 2)
    XCTAssertEqual(labelCount(Tensor([1, 2, 1]), ignoreIndex: 1), 1)
    XCTAssertThrowsError(
      try validated { Tensor(labelCount(Tensor([4]), weight: weight)) }
    ) {
      XCTAssertEqual("\($0)", "labelCount: expected labels in 0..<4, or -100 to ignore one, got 4")
    }
  }
}
