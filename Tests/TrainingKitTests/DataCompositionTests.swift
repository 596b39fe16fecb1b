import Foundation
import TrainingKit
import XCTest

/// Datasets made of others.
final class DataCompositionTests: XCTestCase {
  private func dataset(_ range: Range<Int>) -> TensorDataset {
    TensorDataset(
      inputs: Tensor(range.flatMap { [Double($0), -Double($0)] }, shape: [range.count, 2]),
      labels: Tensor(Array(range)))
  }

  /// Examples with noise on their inputs, by batch or by example.
  private func withNoise(_ base: some Dataset, byExample: Bool) -> any Dataset {
    if byExample {
      return base.transformedExamples { example, generator in
        example.x = generator.normal([3])
      }
    }
    return base.transformed { batch, generator in batch.x = generator.normal([batch.count, 3]) }
  }

  private func examples(_ batches: some Sequence<Batch>) -> [Int: [Float]] {
    var rows: [Int: [Float]] = [:]
    for batch in batches {
      for (row, index) in batch.indices.enumerated() { rows[index] = batch.x[row].elements() }
    }
    return rows
  }

  func testConcatenatedExamplesFollowOneAnother() {
    let whole = dataset(0..<3).concatenated(with: dataset(10..<10))
      .concatenated(with: dataset(20..<24))
    XCTAssertEqual(whole.count, 7)
    let batch = whole.batch(at: [6, 0, 3, 2, 3])
    XCTAssertEqual(batch.y.elements(), [23, 0, 20, 2, 20])
    XCTAssertEqual(batch.x.elements(), [23, -23, 0, 0, 20, -20, 2, -2, 20, -20])
    XCTAssertEqual(batch.indices, [6, 0, 3, 2, 3])
    XCTAssertEqual(whole.batch(at: [4, 5]).y.elements(), [21, 22])
    XCTAssertEqual(whole.batch(at: []).x.shape, [0, 2])
    XCTAssertEqual(ConcatenatedDataset([]).count, 0)
    XCTAssertEqual(Array(DataLoader(ConcatenatedDataset([]), batchSize: 2)).count, 0)
    XCTAssertThrowsError(try validated { whole.batch(at: [7]) }) {
      XCTAssertEqual("\($0)", "batch: expected positions below 7, got 7")
    }
  }

  func testSubsetsOfAnythingKeepThePlacesInTheWhole() {
    let odd = dataset(0..<4).concatenated(with: dataset(4..<10)).subset([1, 3, 5, 7, 9])
    XCTAssertEqual(odd.subset([4, 0]).all.indices, [9, 1])
    let (training, rest) = odd.split(0.6, seed: 1)
    XCTAssertEqual([training.count, rest.count], [3, 2])
    XCTAssertEqual((training.all.indices + rest.all.indices).sorted(), [1, 3, 5, 7, 9])
    XCTAssertEqual(odd.split(0, seed: 0).0.count, 0)
    XCTAssertEqual(odd.split(1, seed: 0).1.count, 0)
  }

  func testNoiseIsTheSameForAnyNumberOfWorkersAndAfterAResume() {
    for byExample in [false, true] {
      let noisy = withNoise(dataset(0..<17), byExample: byExample)
      func loader(_ workers: Int) -> DataLoader {
        DataLoader(noisy, batchSize: 4, shuffle: true, seed: 3, workers: workers)
      }
      let first = loader(0)
      let epochs = (0..<2).map { _ in examples(first) }
      for workers in 1...3 {
        let other = loader(workers)
        XCTAssertEqual([examples(other), examples(other)], epochs)
        let left = loader(workers)
        var iterator = left.makeIterator()
        var seen = [iterator.next()!, iterator.next()!]
        let resumed = loader(workers - 1)
        resumed.state = left.state
        seen += resumed
        XCTAssertEqual(examples(seen), epochs[0])
      }
      for (index, row) in epochs[0] { XCTAssertNotEqual(epochs[1][index], row) }
      XCTAssertEqual(Set(epochs.flatMap(\.values)).count, 34)
    }
  }

  func testTheNoiseOfAnExampleDoesNotDependOnTheSizeOfBatches() {
    let noisy = withNoise(dataset(0..<17), byExample: true)
    let all = [1, 4, 17].map { size in
      examples(DataLoader(noisy, batchSize: size, shuffle: true, seed: 3))
    }
    XCTAssertEqual(all[0], all[1])
    XCTAssertEqual(all[0], all[2])
  }

  func testRanksDrawNoiseOfTheirOwn() {
    for byExample in [false, true] {
      let noisy = withNoise(dataset(0..<16), byExample: byExample)
      let rows = (0..<2).map { rank in
        examples(DataLoader(noisy, batchSize: 4, sampler: .distributed(rank: rank, of: 2)))
      }
      XCTAssertEqual(Set(rows[0].values).union(rows[1].values).count, 16)
    }
  }

  func testAnExampleDrawnTwiceGetsNoiseOfItsOwnEachTime() {
    for byExample in [false, true] {
      let noisy = withNoise(dataset(0..<4), byExample: byExample)
      let loader = DataLoader(noisy, batchSize: 5, sampler: .weighted([0, 0, 1, 0], count: 20))
      let draws = loader.flatMap { batch in (0..<5).map { batch.x[$0].elements(Float.self) } }
      XCTAssertEqual(Set(draws).count, 20)
    }
  }

  func testTransformsUponTransformsDrawNumbersOfTheirOwn() {
    let inner = dataset(0..<8).transformed { batch, _ in batch.x = Tensor.randomNormal([8]) }
    let outer = inner.transformed { batch, generator in
      batch.y = generator.normal([8])
    }
    for batch in DataLoader(outer, batchSize: 8) {
      XCTAssertNotEqual(batch.x.elements(Float.self), batch.y.elements(Float.self))
    }
    let twice = withNoise(dataset(0..<4), byExample: true)
    let both = ConcatenatedDataset([twice, twice])
    for batch in DataLoader(both, batchSize: 8) {
      XCTAssertEqual(Set((0..<8).map { batch.x[$0].elements(Float.self) }).count, 8)
    }
  }

  func testOutsideOfLoadersTheCurrentGeneratorDecides() {
    for byExample in [false, true] {
      let noisy = withNoise(dataset(0..<4), byExample: byExample)
      func draw(_ seed: UInt64) -> [Float] {
        withRandomGenerator(RandomGenerator(seed: seed)) {
          noisy.batch(at: [0, 1]).x.elements() + noisy.batch(at: [0, 1]).x.elements()
        }
      }
      XCTAssertEqual(draw(1), draw(1))
      XCTAssertNotEqual(draw(1), draw(2))
      XCTAssertNotEqual(draw(1).prefix(6), draw(1).suffix(6))
    }
  }

  func testExamplesMayChangeShapeAndLabel() {
    let changed = dataset(0..<3).transformedExamples { example, _ in
      example.x = stack([example.x, example.x])
      example.y = example.y * 10 + Double(example.index)
    }
    XCTAssertEqual(changed.all.x.shape, [3, 2, 2])
    XCTAssertEqual(changed.all.y.elements(), [0.0, 11, 22])
    XCTAssertEqual(changed.batch(at: []).count, 0)
    XCTAssertThrowsError(try validated { changed.batch(at: [3]) })
  }

  func testStandardizedColumnsHaveMeanZeroAndVarianceOne() {
    let columns = [
      [1.0, 2, 3, 4, 5, 9], [1e9, 1e9 + 64, 1e9, 1e9 + 64, 1e9, 1e9 + 64],
      [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [1e-30, 2e-30, 1e-30, 2e-30, 1e-30, 2e-30],
    ]
    let x = Tensor(columns).transposed()
    let data = TensorDataset(inputs: x, labels: .zeros([6]))
    let standardization = Standardization(of: x)
    let standard = data.standardized(by: standardization).all.x
    XCTAssertTrue(standardization(x).isIdentical(to: standard))
    for column in [0, 1, 3] {
      XCTAssertEqual(standard[.all, column].mean().item(), 0, accuracy: 1e-6)
      XCTAssertEqual(standard[.all, column].variance(correction: 0).item(), 1, accuracy: 1e-5)
    }
    XCTAssertEqual(standard[.all, 2].elements(), [0, 0, 0, 0, 0, 0])
    XCTAssertEqual(standardization.scale[0, 2].item(), 1)
    // An example that the constant column had not seen is shifted, and not blown up.
    XCTAssertEqual(standardization(Tensor([[1, 1, 0.6, 0]]))[0, 2].item(), 0.5, accuracy: 1e-6)
  }

  func testChannelsAndBytesAreStandardized() {
    let images = Tensor((0..<48).map { UInt8($0 * 5) }, shape: [2, 3, 2, 4])
    let standardization = Standardization(of: images, axes: [0, 2, 3])
    XCTAssertEqual(standardization.mean.shape, [1, 3, 1, 1])
    let standard = standardization(images)
    XCTAssertEqual(standard.dtype, .float32)
    XCTAssertTrue(standard.mean(axes: [0, 2, 3]).isClose(to: .zeros([3]), absolute: 1e-6))
    XCTAssertEqual(Standardization(of: .zeros([0, 3]))(Tensor.ones([2, 3])).sum().item(), 6)
    XCTAssertThrowsError(try validated { Standardization(of: .ones([2, 2]), axes: [2]) })
  }
}
