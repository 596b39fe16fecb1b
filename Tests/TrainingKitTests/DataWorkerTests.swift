import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Loaders make the same batches with any number of workers, also when they go on from a state.
final class DataWorkerTests: XCTestCase {
  /// Examples whose batches draw noise, and take longer the earlier they come.
  private struct Noisy: Dataset {
    let count: Int

    func batch(at positions: [Int]) -> Batch {
      if positions.first.map({ $0 % 3 == 0 }) ?? false { Thread.sleep(forTimeInterval: 0.0005) }
      return Batch(
        x: Tensor.randomNormal([positions.count, 2]), y: Tensor(positions), indices: positions)
    }
  }

  private struct Made: Equatable {
    let indices: [Int]
    let noise: [Float]

    init(_ batch: Batch) { (indices, noise) = (batch.indices, batch.x.elements()) }
  }

  private static let weights = (0..<23).map { Double($0 % 4) }
  private static let samplers: [any Sampler] = [
    .sequential, .random, .weighted(weights), .weighted(weights, count: 11, replacement: false),
    .balanced((0..<23).map { $0 % 3 }), .subset(5..<20), .subset([1, 1, 2], ordered: .sequential),
    .distributed(rank: 1, of: 2), .distributed(rank: 2, of: 3, remainder: .kept),
    .distributed(rank: 0, of: 4, remainder: .dropped, sharing: .weighted(weights, count: 30)),
  ]

  private func loader(_ sampler: some Sampler, workers: Int, usesTwister: Bool) -> DataLoader {
    DataLoader(
      Noisy(count: 23), batchSize: 4, sampler: sampler, seed: 5, prefetch: 1 + workers % 2,
      workers: workers, generator: usesTwister ? RandomGenerator(mersenneTwister: 1) : nil)
  }

  func testAnyNumberOfWorkersMakesTheSameBatches() {
    for sampler in Self.samplers {
      for usesTwister in [false, true] {
        func epochs(_ workers: Int) -> [Made] {
          let loader = loader(sampler, workers: workers, usesTwister: usesTwister)
          return (0..<2).flatMap { _ in loader.map(Made.init) }
        }
        let expected = epochs(0)
        for workers in 1...4 { XCTAssertEqual(epochs(workers), expected, "\(sampler) \(workers)") }
      }
    }
  }

  func testEverySamplerGoesOnFromASavedStateWithOtherWorkers() throws {
    for sampler in Self.samplers {
      for workers in 0...4 {
        for usesTwister in [false, true] {
          let whole = loader(sampler, workers: workers, usesTwister: usesTwister)
          _ = Array(whole)
          var iterator = whole.makeIterator()
          _ = iterator.next()
          let saved = try JSONEncoder().encode(whole.state)
          var rest: [Made] = []
          while let batch = iterator.next() { rest.append(Made(batch)) }
          rest += whole.map(Made.init)

          let resumed = loader(sampler, workers: 4 - workers, usesTwister: usesTwister)
          resumed.state = try JSONDecoder().decode(DataLoader.State.self, from: saved)
          XCTAssertEqual([resumed.state.epoch, resumed.state.batch], [1, 1])
          XCTAssertEqual(
            resumed.map(Made.init) + resumed.map(Made.init), rest, "\(sampler) \(workers)")
        }
      }
    }
  }

  func testWhatIsDrawnDiffersBetweenBatchesEpochsAndSeeds() {
    let noisy = Noisy(count: 40)
    var seen: Set<[Float]> = []
    for seed in 0..<3 {
      let loader = DataLoader(noisy, batchSize: 8, seed: UInt64(seed), workers: 2)
      for _ in 0..<4 { for batch in loader { seen.insert(batch.x.elements()) } }
    }
    XCTAssertEqual(seen.count, 3 * 4 * 5)
  }

  func testTheSeedComesWithTheState() {
    let first = DataLoader(Noisy(count: 30), batchSize: 4, shuffle: true, seed: 1)
    let second = DataLoader(Noisy(count: 30), batchSize: 4, shuffle: true, seed: 2)
    second.state = first.state
    XCTAssertEqual(second.map(Made.init), first.map(Made.init))
  }

  func testAStateThatDoesNotFitIsRefused() throws {
    let noisy = Noisy(count: 10)
    let loader = DataLoader(noisy, batchSize: 3, shuffle: true)
    for _ in loader { break }
    let before = loader.state
    var late = before
    late.batch = 5
    var early = before
    early.epoch = -1
    let prefix =
      "DataLoader.state: expected a state over 10 examples, 10 an epoch in batches of 3, "
    let refused: [(DataLoader.State, String)] = [
      (
        DataLoader(Noisy(count: 12), batchSize: 3).state,
        prefix + "got one over 12 examples, 12 an epoch in batches of 3"
      ),
      (
        DataLoader(noisy, batchSize: 4).state,
        prefix + "got one over 10 examples, 10 an epoch in batches of 4"
      ),
      (
        DataLoader(noisy, batchSize: 3, sampler: .distributed(rank: 0, of: 2)).state,
        prefix + "got one over 10 examples, 5 an epoch in batches of 3"
      ),
      (
        DataLoader(noisy, batchSize: 3, generator: RandomGenerator(seed: 0)).state,
        "DataLoader.state: expected one without a generator, got one with a generator"
      ),
      (
        late,
        "DataLoader.state: expected an epoch of 0 or more and a batch from 0 to 4, got 0 and 5"
      ),
      (
        early,
        "DataLoader.state: expected an epoch of 0 or more and a batch from 0 to 4, got -1 and 1"
      ),
    ]
    for (state, sentence) in refused {
      XCTAssertThrowsError(try validated { loader.state = state }) {
        XCTAssertEqual("\($0)", sentence)
      }
      XCTAssertEqual(loader.state, before)
    }
    let other = DataLoader(noisy, batchSize: 3, generator: RandomGenerator(seed: 0))
    XCTAssertThrowsError(try validated { other.state = before })
  }

  func testAnIterationThatWasLeftDoesNotMoveTheLoader() {
    let loader = DataLoader(Noisy(count: 10), batchSize: 3, workers: 2)
    var left = loader.makeIterator()
    _ = left.next()
    loader.state = loader.state
    _ = left.next()
    _ = left.next()
    XCTAssertEqual(loader.state.batch, 1)
    XCTAssertEqual(loader.map(\.indices), [[3, 4, 5], [6, 7, 8], [9]])
  }

  func testBatchesLargerThanTheDataset() {
    for size in [11, Int.max] {
      let loader = DataLoader(Noisy(count: 10), batchSize: size, workers: 3)
      XCTAssertEqual(loader.batchCount, 1)
      XCTAssertEqual(loader.map(\.indices), [Array(0..<10)])
      let dropping = DataLoader(Noisy(count: 10), batchSize: size, dropLast: true, workers: 3)
      XCTAssertEqual(dropping.batchCount, 0)
      XCTAssertEqual(Array(dropping).count, 0)
    }
    let batch = Noisy(count: 10).all
    XCTAssertEqual(batch.split(size: Int.max).map(\.indices), [Array(0..<10)])
  }

  func testWithoutExamplesThereAreNoBatches() {
    for workers in 0...3 {
      let loader = DataLoader(Noisy(count: 0), batchSize: 2, shuffle: true, workers: workers)
      XCTAssertEqual(loader.batchCount, 0)
      XCTAssertEqual(Array(loader).count + Array(loader).count, 0)
      XCTAssertEqual(loader.state.epoch, 1)
    }
  }

  func testMistakesSurfaceAtTheirPlaceAndEndTheIteration() {
    struct Faulty: Dataset {
      let count = 20
      func batch(at positions: [Int]) -> Batch {
        if positions.contains(9) { _ = Tensor.ones([2]) + Tensor.ones([3]) }
        return Batch(x: Tensor(positions), y: Tensor(positions), indices: positions)
      }
    }
    for workers in 0...4 {
      let loader = DataLoader(Faulty(), batchSize: 2, workers: workers)
      var seen: [[Int]] = []
      XCTAssertThrowsError(
        try validated {
          var iterator = loader.makeIterator()
          while let batch = iterator.next() { seen.append(batch.indices) }
          XCTAssertNil(iterator.next())
        }
      ) { XCTAssertTrue($0 is TensorError, "\($0)") }
      XCTAssertEqual(seen, [[0, 1], [2, 3], [4, 5], [6, 7]])
      XCTAssertEqual(loader.state.batch, 4)
    }
  }

  func testBatchesAreConstants() {
    let weight = Tensor([2.0]).tracked()
    let scaled = TensorDataset(inputs: .ones([4, 1]), labels: .ones([4]))
      .transformed { batch, _ in batch.x = batch.x * weight }
    for workers in 0...1 {
      for batch in DataLoader(scaled, batchSize: 2, workers: workers) {
        XCTAssertFalse(batch.x.requiresGradient)
        XCTAssertEqual(batch.x.elements(), [2, 2])
      }
    }
  }
}

/// What the workers' threads do.
final class DataThreadTests: XCTestCase {
  /// Counts the batches it makes, and who makes them at once.
  private final class Counting: Dataset {
    struct Tally { var made = 0, busy = 0, most = 0 }
    let tally = Locked(Tally())
    /// How many must have been at work at once before any is done.
    let crowd: Int
    let count = 1_000

    init(crowd: Int = 1) { self.crowd = crowd }

    func batch(at positions: [Int]) -> Batch {
      tally.withLock {
        $0.busy += 1
        $0.most = max($0.most, $0.busy)
      }
      let end = Date(timeIntervalSinceNow: 10)
      while tally.withLock({ $0.most }) < crowd, Date() < end {
        Thread.sleep(forTimeInterval: 0.001)
      }
      tally.withLock { ($0.made, $0.busy) = ($0.made + 1, $0.busy - 1) }
      let rows = Tensor(positions)
      return Batch(x: rows, y: rows, indices: positions)
    }

    /// How many batches were made when no more are.
    var settled: Int {
      var made = -1
      while made != tally.withLock({ $0.made }) {
        made = tally.withLock { $0.made }
        Thread.sleep(forTimeInterval: 0.05)
      }
      return made
    }
  }

  func testWorkersWorkAtTheSameTime() {
    let dataset = Counting(crowd: 4)
    _ = Array(DataLoader(dataset, batchSize: 50, workers: 4))
    XCTAssertEqual(dataset.tally.withLock { $0.most }, 4)
    let alone = Counting()
    _ = Array(DataLoader(alone, batchSize: 50, workers: 1))
    XCTAssertEqual(alone.tally.withLock { $0.most }, 1)
  }

  func testEachWorkerIsAFewBatchesAhead() {
    for (workers, prefetch) in [(0, 2), (2, 0), (1, 3), (3, 2), (4, 1)] {
      let dataset = Counting()
      var iterator = DataLoader(
        dataset, batchSize: 1, prefetch: prefetch, workers: workers
      ).makeIterator()
      _ = iterator.next()
      XCTAssertEqual(dataset.settled, workers * prefetch + 1)
      _ = iterator.next()
      XCTAssertEqual(dataset.settled, workers * prefetch + 2)
    }
    let dataset = Counting()
    var iterator = DataLoader(dataset, batchSize: 100, prefetch: Int.max, workers: 2)
      .makeIterator()
    _ = iterator.next()
    XCTAssertEqual(dataset.settled, 10)
  }

  func testLeavingEarlyEndsAllThreadsAndFreesTheirBatches() {
    let loader = DataLoader(Counting(), batchSize: 10, shuffle: true, workers: 4)
    for _ in loader { break }
    let (live, threads) = (Device.cpu.memory.live, threadCount())
    for _ in 0..<100 { for _ in loader { break } }
    for _ in 0..<100 { _ = loader.makeIterator() }
    XCTAssertEqual(Device.cpu.memory.live, live)
    // The system lists a thread for a moment after it was joined.
    let end = Date(timeIntervalSinceNow: 10)
    while threadCount() > threads, Date() < end { Thread.sleep(forTimeInterval: 0.001) }
    XCTAssertLessThanOrEqual(threadCount(), threads)
  }

  func testThreadsOutliveNothing() {
    weak var gone: Counting?
    do {
      let dataset = Counting()
      gone = dataset
      var iterator = DataLoader(dataset, batchSize: 7, workers: 3).makeIterator()
      _ = iterator.next()
    }
    XCTAssertNil(gone)
  }

  /// Else a training step would find the pool taken, and run alone itself.
  func testWorkersLeaveThePoolToTheTrainingStep() {
    final class Parallel: Dataset {
      let threads = Locked(Set<UInt>())
      let count = 4

      func batch(at positions: [Int]) -> Batch {
        parallelFor(64, grain: 1) { _, _ in
          Thread.sleep(forTimeInterval: 0.001)
          let thread = UInt(bitPattern: ObjectIdentifier(Thread.current))
          threads.withLock { _ = $0.insert(thread) }
        }
        return Batch(x: Tensor(positions), y: Tensor(positions), indices: positions)
      }
    }
    for workers in 0...1 {
      let dataset = Parallel()
      withThreads(3) { _ = Array(DataLoader(dataset, batchSize: 4, workers: workers)) }
      let threads = dataset.threads.withLock { $0.count }
      XCTAssertTrue(workers == 0 ? threads > 1 : threads == 1, "\(workers): \(threads)")
    }
  }

  private func threadCount() -> Int {
    #if os(Linux)
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 0
    #else
      0
    #endif
  }
}

/// A value that one thread at a time may see, behind a lock that ThreadSanitizer sees, as it does not `Mutex`.
///
/// `@unchecked Sendable`: the value is read and written only while the lock is held, and `withLock` hands it out for
/// no longer than that.
private final class Locked<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&value)
  }
}
