/// Batches of a dataset, an epoch each time it is iterated over.
///
///     let loader = DataLoader(digits, batchSize: 64, shuffle: true)
///     for epoch in 0..<10 {
///       for batch in loader { … }      // another order in every epoch
///     }
///
/// Batches are made ahead on a thread of its own while the last one is used. That thread ends when iteration does,
/// also when it is left early.
public final class DataLoader: Sequence {
  /// Where a loader stands: what a checkpoint keeps to go on with the very next batch.
  public struct State: Sendable, Hashable, Codable {
    /// The number of the epoch, from 0.
    public var epoch: Int
    /// The batches of the epoch that were handed out.
    public var batch: Int
    /// The generator at the start of the epoch, for loaders that were given one.
    public var generator: RandomState?
  }

  private let dataset: any Dataset
  private let batchSize, prefetch: Int
  private let shuffle, dropLast: Bool
  private let seed: UInt64
  private let generator: RandomGenerator?
  /// Whether the epoch of `state` is still to be begun, or to be gone on with.
  private var isWaiting = true

  /// Where the loader stands; the next iteration goes on from a state that is set.
  public var state: State {
    didSet { isWaiting = true }
  }

  /// Creates a loader.
  ///
  /// - Parameters:
  ///   - shuffle: whether each epoch has an order of its own, which seed and epoch determine.
  ///   - dropLast: whether a last batch of less than `batchSize` examples is left out.
  ///   - prefetch: how many batches may be made ahead; 0 makes them on demand on the caller's thread.
  ///   - generator: where the orders are drawn from in place of the seed; a Mersenne Twister draws those of PyTorch's
  ///     `randperm`.
  /// - Errors: traps when the batch size is below 1 or `prefetch` below 0.
  public init(
    _ dataset: some Dataset, batchSize: Int, shuffle: Bool = false, seed: UInt64 = 0,
    dropLast: Bool = false, prefetch: Int = 2, generator: RandomGenerator? = nil
  ) {
    if batchSize < 1 || prefetch < 0 {
      Context.current.fail(
        TensorError.argument(
          "DataLoader", expected: "a batchSize of 1 or more and a prefetch of 0 or more",
          got: "\(batchSize) and \(prefetch)"))
    }
    self.dataset = dataset
    self.batchSize = Swift.max(batchSize, 1)
    self.prefetch = Swift.max(prefetch, 0)
    (self.shuffle, self.dropLast, self.seed, self.generator) = (shuffle, dropLast, seed, generator)
    state = State(epoch: 0, batch: 0, generator: generator?.state)
  }

  /// The number of batches in an epoch.
  public var batchCount: Int {
    (dataset.count + (dropLast ? 0 : batchSize - 1)) / batchSize
  }

  /// Begins the next epoch, or goes on with the one of a state that was set.
  public func makeIterator() -> Iterator {
    if !isWaiting {
      state = State(epoch: state.epoch + 1, batch: 0, generator: generator?.state)
    }
    isWaiting = false
    return Iterator(self, order: order(), from: state)
  }

  /// The positions of the dataset in the order of the epoch.
  private func order() -> [Int] {
    guard shuffle else { return Array(0..<dataset.count) }
    if let generator, let start = state.generator {
      generator.state = start
      return generator.permutation(dataset.count).elements()
    }
    // Far apart in the seed's stream: no epoch draws what another one draws, nor what begins at the stream's start.
    let start = RandomState(.philox(key: seed, position: UInt64(state.epoch + 1) << 40))
    return RandomGenerator(start).permutation(dataset.count).elements()
  }

  fileprivate func handOut(_ batch: Int, of epoch: Int) {
    guard state.epoch == epoch else { return }
    state.batch = batch + 1
    isWaiting = false
  }

  /// Hands out the batches of one epoch.
  public struct Iterator: IteratorProtocol {
    private let loader: DataLoader
    private let epoch: Int
    private var number: Int
    private let count: Int
    private let make: @Sendable (Int) -> Result<Batch, any Error>
    private let prefetcher: Prefetcher<Result<Batch, any Error>>?

    fileprivate init(_ loader: DataLoader, order: [Int], from state: State) {
      let (dataset, size) = (loader.dataset, loader.batchSize)
      let first = state.batch
      self.loader = loader
      (epoch, number, count) = (state.epoch, first, loader.batchCount)
      make = { number in
        let start = number * size
        let positions = order[start..<Swift.min(start + size, order.count)]
        return Result { try validated { dataset.batch(at: Array(positions)) } }
      }
      let make = make
      prefetcher =
        loader.prefetch == 0
        ? nil
        : Prefetcher(count: Swift.max(0, count - first), depth: loader.prefetch) {
          make(first + $0)
        }
    }

    /// The next batch; nil after the last of the epoch.
    public mutating func next() -> Batch? {
      guard number < count, let result = prefetcher.map({ $0.next() }) ?? make(number) else {
        return nil
      }
      switch result {
      case .success(let batch):
        loader.handOut(number, of: epoch)
        number += 1
        return batch
      case .failure(let error):
        Context.current.fail(error)
        return nil
      }
    }
  }
}
