import TrainingKit
import XCTest

final class AveragingRecalibrationTests: XCTestCase {
  /// Batches of 4 and of 2 samples, of mean 7 and 2.
  private let batches = [
    Tensor([[6.0], [8], [6], [8]]), Tensor([[1.0], [3]]),
  ]

  private func statistics(_ norm: BatchNorm) -> [Double] {
    [norm.runningMean, norm.runningVariance, norm.batchCount].map { $0.value.item() }
  }

  func testBatchesCountByTheirSamples() {
    for momentum in [0.1, nil] {
      let norm = BatchNorm(1, momentum: momentum)
      _ = norm(batches[1])
      norm.recalibrateBatchNorm(over: batches)
      let (mean, variance) = (statistics(norm)[0], statistics(norm)[1])
      XCTAssertEqual(mean, 16.0 / 3, accuracy: 1e-6, "PyTorch has 4.5")
      XCTAssertEqual(variance, 14.0 / 9, accuracy: 1e-6, "(4 · 4/3 + 2 · 2) / 6")
      XCTAssertEqual(statistics(norm)[2], 2)
    }
  }

  func testPlacesCountAsSamples() {
    let norm = BatchNorm(1)
    norm.recalibrateBatchNorm(over: batches.map { $0.reshaped([1, 1, -1]) })
    XCTAssertEqual(statistics(norm)[0], 16.0 / 3, accuracy: 1e-6)
  }

  func testTrainingGoesOnWithTheOldMomentum() {
    let (norm, other) = (BatchNorm(1, momentum: 0.25), BatchNorm(1, momentum: 0.25))
    norm.recalibrateBatchNorm(over: batches)
    other.runningMean.value = norm.runningMean.value
    other.runningVariance.value = norm.runningVariance.value
    for norm in [norm, other] { _ = norm(batches[0]) }
    XCTAssertEqual(statistics(norm).prefix(2), statistics(other).prefix(2))
    XCTAssertEqual(statistics(norm)[0], 0.75 * 16 / 3 + 0.25 * 7, accuracy: 1e-6)
  }

  private struct Stop: Error {}

  func testModesAndStatisticsAreAsBeforeWhenTheBodyThrows() {
    let norms = [BatchNorm(1), BatchNorm(1)]
    let model = Sequential {
      norms[0]
      Residual(norms[1])
      Dropout(0.5)
    }
    model.evaluate()
    let before = norms.map(statistics)
    XCTAssertThrowsError(
      try model.recalibrateBatchNorm { model in
        XCTAssertFalse(model.isTraining)
        _ = model(batches[0])
        XCTAssertNotEqual(norms.map(statistics), before)
        throw Stop()
      }
    ) { XCTAssertTrue($0 is Stop) }
    XCTAssertEqual(norms.map(statistics), before)
    XCTAssertFalse(model.modules.contains { $0.isTraining && !($0 is Residual) })
    model.train()
    model.recalibrateBatchNorm(over: batches)
    XCTAssertTrue(model.isTraining)
    XCTAssertNotEqual(norms.map(statistics), before)
  }

  func testDropoutIsOffMeanwhile() {
    let model = Sequential {
      Dropout(0.5)
      BatchNorm(1)
    }
    let plain = BatchNorm(1)
    model.recalibrateBatchNorm(over: batches)
    plain.recalibrateBatchNorm(over: batches)
    XCTAssertEqual(statistics(model.modules[1] as! BatchNorm), statistics(plain))
  }

  func testALayerThatNoFiniteBatchReachesKeepsItsStatistics() {
    let norm = BatchNorm(1)
    _ = norm(batches[0])
    let before = statistics(norm)
    norm.recalibrateBatchNorm(over: [])
    XCTAssertEqual(statistics(norm), before)
    norm.recalibrateBatchNorm(over: [Tensor([[Float.nan], [1]])])
    XCTAssertEqual(statistics(norm), before)
    norm.recalibrateBatchNorm(over: [Tensor([[Float.nan], [1]])] + batches)
    XCTAssertEqual(statistics(norm)[0], 16.0 / 3, accuracy: 1e-6)
  }

  func testStatisticsThatAreLostAreHealed() {
    let norm = BatchNorm(1)
    norm.runningMean.value = Tensor([Float.nan])
    norm.recalibrateBatchNorm(over: batches)
    XCTAssertEqual(statistics(norm)[0], 16.0 / 3, accuracy: 1e-6)
  }

  func testAveragedWeightsWithStatisticsOfTheirOwn() throws {
    let model = Sequential {
      Linear(1, 2)
      BatchNorm(2)
    }
    var average = WeightAverage.stochastic(every: 1)
    average.update(from: model)
    let before = model.state()
    try average.withAveragedWeights(of: model) { model.recalibrateBatchNorm(over: batches) }
    for (path, tensor) in model.state() {
      XCTAssertTrue(tensor.isIdentical(to: before[path]!), path)
    }
  }
}
