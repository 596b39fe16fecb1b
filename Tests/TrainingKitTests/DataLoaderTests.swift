import Foundation
import Synchronization
import TestSupport
import TrainingKit
import XCTest

final class DataLoaderTests: XCTestCase {
  /// Ten examples whose inputs are (i, -i) and whose labels are i².
  private let dataset = TensorDataset(
    inputs: Tensor((0..<10).flatMap { [Double($0), -Double($0)] }, shape: [10, 2]),
    labels: Tensor((0..<10).map { $0 * $0 }))

  private func epoch(_ loader: DataLoader) -> [Int] { loader.flatMap(\.indices) }

  func testBatchesHoldTheRows() {
    let batches = Array(DataLoader(dataset, batchSize: 4))
    XCTAssertEqual(batches.map(\.count), [4, 4, 2])
    XCTAssertEqual(batches[1].x.elements(), [4.0, -4, 5, -5, 6, -6, 7, -7])
    XCTAssertEqual(batches[2].y.elements(), [64, 81])
    XCTAssertEqual(batches[2].x.shape, [2, 2])
    XCTAssertEqual(batches[0].y.dtype, .int64)
  }

  func testAnEpochHoldsEveryExampleOnceInAnOrderOfItsOwn() {
    let loader = DataLoader(dataset, batchSize: 3, shuffle: true, seed: 5)
    let epochs = (0..<20).map { _ in epoch(loader) }
    for order in epochs { XCTAssertEqual(order.sorted(), Array(0..<10)) }
    XCTAssertEqual(Set(epochs).count, 20)
    for batch in loader {
      XCTAssertEqual(batch.y.elements(), batch.indices.map { $0 * $0 })
    }
  }

  func testSeedAndEpochDetermineTheOrder() {
    func epochs(_ seed: UInt64, prefetch: Int) -> [[Int]] {
      let loader = DataLoader(
        dataset, batchSize: 3, shuffle: true, seed: seed, prefetch: prefetch)
      return (0..<3).map { _ in epoch(loader) }
    }
    XCTAssertEqual(epochs(1, prefetch: 0), epochs(1, prefetch: 4))
    XCTAssertNotEqual(epochs(1, prefetch: 2), epochs(2, prefetch: 2))
  }

  func testDropLastLeavesOutTheShortBatch() {
    let loader = DataLoader(dataset, batchSize: 4, dropLast: true)
    XCTAssertEqual(loader.map(\.count), [4, 4])
    XCTAssertEqual(loader.batchCount, 2)
    XCTAssertEqual(DataLoader(dataset, batchSize: 5).batchCount, 2)
    XCTAssertEqual(DataLoader(dataset, batchSize: 11).batchCount, 1)
    XCTAssertEqual(Array(DataLoader(dataset, batchSize: 11, dropLast: true)).count, 0)
  }

  func testAnEmptyDatasetHasNoBatches() {
    XCTAssertEqual(Array(DataLoader(dataset.subset([]), batchSize: 4, shuffle: true)).count, 0)
  }

  func testTheOrderIsPyTorchsFromAMersenneTwister() {
    let loader = DataLoader(
      dataset, batchSize: 4, shuffle: true, generator: RandomGenerator(mersenneTwister: 0))
    XCTAssertEqual(epoch(loader), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2])
    XCTAssertNotEqual(epoch(loader), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2])
  }

  func testALoaderGoesOnFromASavedState() throws {
    for usesGenerator in [false, true] {
      func make() -> DataLoader {
        DataLoader(
          dataset, batchSize: 3, shuffle: true, seed: 4,
          generator: usesGenerator ? RandomGenerator(mersenneTwister: 9) : nil)
      }
      let loader = make()
      _ = epoch(loader)
      var iterator = loader.makeIterator()
      _ = iterator.next()
      _ = iterator.next()
      let text = try JSONEncoder().encode(loader.state)
      let resumed = make()
      resumed.state = try JSONDecoder().decode(DataLoader.State.self, from: text)
      XCTAssertEqual([resumed.state.epoch, resumed.state.batch], [1, 2])
      var rest: [[Int]] = []
      while let batch = iterator.next() { rest.append(batch.indices) }
      XCTAssertEqual(resumed.map(\.indices), rest)
      XCTAssertEqual(epoch(resumed), epoch(loader))
      XCTAssertEqual(epoch(resumed), epoch(loader))
    }
  }

  func testAnIterationThatIsLeftEarlyIsFollowedByTheNextEpoch() {
    let (left, whole) = (
      DataLoader(dataset, batchSize: 3, shuffle: true),
      DataLoader(dataset, batchSize: 3, shuffle: true)
    )
    for _ in left { break }
    _ = epoch(whole)
    XCTAssertEqual(epoch(left), epoch(whole))
  }

  func testMistakesAreSentences() {
    let mistakes: [(String, () -> Void)] = [
      (
        "DataLoader: expected a batchSize of 1 or more, and prefetch and workers of 0 or more, got 0, 2 and 1",
        { [dataset] in _ = DataLoader(dataset, batchSize: 0) }
      ),
      (
        "TensorDataset: expected as many inputs as labels, got [3] and [2]",
        { _ = TensorDataset(inputs: Tensor.ones([3]), labels: Tensor.ones([2])) }
      ),
      (
        "subset: expected positions below 10, got 10",
        { [dataset] in _ = dataset.subset([0, 10]) }
      ),
      (
        "batch: expected positions below 10, got -1",
        { [dataset] in _ = dataset.batch(at: [-1]) }
      ),
      (
        "split: expected a share from 0 to 1, got 1.5",
        { [dataset] in _ = dataset.split(1.5, seed: 0) }
      ),
    ]
    for (sentence, body) in mistakes {
      XCTAssertThrowsError(try validated { body() }) { XCTAssertEqual("\($0)", sentence) }
    }
  }

  func testSubsetsKeepThePlacesInTheWhole() {
    let odd = dataset.subset((0..<10).filter { $0 % 2 == 1 })
    XCTAssertEqual(odd.count, 5)
    let batch = odd.subset([4, 0]).all
    XCTAssertEqual(batch.indices, [9, 1])
    XCTAssertEqual(batch.y.elements(), [81, 1])
  }

  func testASplitSharesTheExamplesOut() {
    let (training, rest) = dataset.split(0.8, seed: 3)
    XCTAssertEqual([training.count, rest.count], [8, 2])
    XCTAssertEqual((training.all.indices + rest.all.indices).sorted(), Array(0..<10))
    XCTAssertEqual(dataset.split(0.8, seed: 3).1.all.indices, rest.all.indices)
  }
}

/// What the loader's thread does.
final class PrefetchTests: XCTestCase {
  /// Counts the batches it makes.
  private final class Counting: Dataset {
    let made = Mutex(0)
    let count = 1_000

    func batch(at positions: [Int]) -> Batch {
      made.withLock { $0 += 1 }
      let rows = Tensor(positions)
      return Batch(x: rows, y: rows, indices: positions)
    }
  }

  private func settle(_ dataset: Counting) -> Int {
    var made = -1
    while made != dataset.made.withLock({ $0 }) {
      made = dataset.made.withLock { $0 }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return made
  }

  func testFewBatchesAreMadeAhead() {
    for depth in 1...3 {
      let dataset = Counting()
      var iterator = DataLoader(dataset, batchSize: 1, prefetch: depth).makeIterator()
      _ = iterator.next()
      XCTAssertEqual(settle(dataset), depth + 1)
      _ = iterator.next()
      XCTAssertEqual(settle(dataset), depth + 2)
    }
  }

  func testNothingIsMadeAheadWithoutPrefetch() {
    let dataset = Counting()
    var iterator = DataLoader(dataset, batchSize: 1, prefetch: 0).makeIterator()
    _ = iterator.next()
    XCTAssertEqual(settle(dataset), 1)
  }

  func testLeavingEarlyEndsTheThreadAndFreesItsBatches() {
    let loader = DataLoader(Counting(), batchSize: 10, shuffle: true)
    for _ in loader { break }
    let (live, threads) = (Device.cpu.memory.live, threadCount())
    for _ in 0..<200 { for _ in loader { break } }
    XCTAssertEqual(Device.cpu.memory.live, live)
    // The system lists a thread that was joined for a moment longer.
    var left = threadCount()
    for _ in 0..<100 where left > threads {
      Thread.sleep(forTimeInterval: 0.05)
      left = threadCount()
    }
    XCTAssertLessThanOrEqual(left, threads)
  }

  func testTheThreadOutlivesNothing() {
    weak var gone: Counting?
    do {
      let dataset = Counting()
      gone = dataset
      var iterator = DataLoader(dataset, batchSize: 7).makeIterator()
      _ = iterator.next()
    }
    XCTAssertNil(gone)
  }

  func testAMistakeOnTheThreadIsTheIterators() {
    struct Wrong: Dataset {
      let count = 4
      func batch(at positions: [Int]) -> Batch {
        let sum = Tensor.ones([2]) + Tensor.ones([3])
        return Batch(x: sum, y: sum, indices: positions)
      }
    }
    for prefetch in [0, 2] {
      XCTAssertThrowsError(
        try validated { Array(DataLoader(Wrong(), batchSize: 2, prefetch: prefetch)) }
      ) { XCTAssertTrue($0 is TensorError, "\($0)") }
    }
  }

  func testManyLoadersRunSideBySide() {
    let sums = Mutex([Int]())
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      var sum = 0
      for batch in DataLoader(Counting(), batchSize: 16, shuffle: true) {
        sum += batch.indices.reduce(0, +)
      }
      sums.withLock { $0.append(sum) }
    }
    XCTAssertEqual(sums.withLock { $0 }, Array(repeating: 499_500, count: 8))
  }

  private func threadCount() -> Int {
    #if os(Linux)
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    #else
      0
    #endif
  }
}
