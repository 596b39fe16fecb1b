/// Batches of a dataset, an epoch each time it is iterated over.
///
///     let loader = DataLoader(digits, batchSize: 64, shuffle: true)
///     for epoch in 0..<10 {
///       for batch in loader { … }      // another order in every epoch
///     }
///
/// Batches are made ahead on threads of their own while the last one is used, and handed out in order: they are the
/// same for any number of workers. The threads end when iteration does, also when it is left early.
public final class DataLoader: Sequence {
  /// What the loader was created with.
  private struct Settings: Sendable {
    var batchSize, prefetch, workers: Int
    var dropLast: Bool
  }

  private let dataset: any Dataset
  private let sampler: any Sampler
  private let settings: Settings
  let generator: RandomGenerator?
  private var place: State
  /// Whether the epoch of `place` is still to be begun, or to be gone on with.
  private var isWaiting = true
  /// Tells the iteration under way from those that were left.
  private var iteration = 0

  /// Creates a loader of every example once an epoch.
  ///
  /// - Parameters:
  ///   - shuffle: whether each epoch has an order of its own, which seed and epoch determine.
  ///   - seed: determines orders, and what datasets draw as they make batches.
  ///   - dropLast: whether a last batch of less than `batchSize` examples is left out.
  ///   - prefetch: how many batches each worker may be ahead.
  ///   - workers: how many threads make batches. When this or `prefetch` is 0, batches are made on demand on the
  ///     caller's thread.
  ///   - generator: where the orders are drawn from in place of the seed; a Mersenne Twister draws those of PyTorch's
  ///     `randperm`.
  /// - Errors: traps when the batch size is below 1, or `prefetch` or `workers` below 0.
  public convenience init(
    _ dataset: some Dataset, batchSize: Int, shuffle: Bool = false, seed: UInt64 = 0,
    dropLast: Bool = false, prefetch: Int = 2, workers: Int = 1, generator: RandomGenerator? = nil
  ) {
    let sampler: any Sampler = shuffle ? RandomSampler() : SequentialSampler()
    self.init(
      dataset, batchSize: batchSize, sampler: sampler, seed: seed, dropLast: dropLast,
      prefetch: prefetch, workers: workers, generator: generator)
  }

  /// Creates a loader of the examples that a sampler picks, with the parameters of
  /// ``init(_:batchSize:shuffle:seed:dropLast:prefetch:workers:generator:)``.
  public init(
    _ dataset: some Dataset, batchSize: Int, sampler: some Sampler, seed: UInt64 = 0,
    dropLast: Bool = false, prefetch: Int = 2, workers: Int = 1, generator: RandomGenerator? = nil
  ) {
    if batchSize < 1 || prefetch < 0 || workers < 0 {
      Context.current.fail(
        TensorError.argument(
          "DataLoader", expected: "a batchSize of 1 or more, and prefetch and workers of 0 or more",
          got: "\(batchSize), \(prefetch) and \(workers)"))
    }
    self.dataset = dataset
    self.sampler = sampler
    self.generator = generator
    settings = Settings(
      batchSize: Swift.max(batchSize, 1), prefetch: Swift.max(prefetch, 0),
      workers: Swift.max(workers, 0), dropLast: dropLast)
    place = State(
      epoch: 0, batch: 0, seed: seed, generator: generator?.state,
      currentGenerator: generator?.state,
      data: State.Data(
        examples: dataset.count, examplesPerEpoch: sampler.count(of: dataset.count),
        batchSize: settings.batchSize))
  }

  /// The number of batches in an epoch.
  public var batchCount: Int {
    let (whole, rest) = sampler.count(of: dataset.count)
      .quotientAndRemainder(dividingBy: settings.batchSize)
    return whole + (rest > 0 && !settings.dropLast ? 1 : 0)
  }

  /// Where the loader stands; the next iteration goes on from a state that is set.
  ///
  /// - Errors: traps when a state is set that is not one of a loader of as many examples, in batches of this size; the
  ///   loader then stays where it stands.
  public var state: State {
    get {
      var state = place
      state.currentGenerator = generator?.state
      return state
    }
    set {
      if let mistake = mistake(in: newValue) {
        Context.current.fail(mistake)
        return
      }
      place = newValue
      if let now = newValue.currentGenerator { generator?.state = now }
      isWaiting = true
      iteration += 1
    }
  }

  /// Begins the next epoch, or goes on with the one of a state that was set.
  public func makeIterator() -> Iterator {
    if !isWaiting {
      (place.epoch, place.batch) = (place.epoch + 1, 0)
      place.generator = generator?.state
    }
    isWaiting = false
    iteration += 1
    return Iterator(self, order: order())
  }

  /// The positions of the dataset in the order of the epoch.
  private func order() -> [Int] {
    // Far apart in the seed's stream: no epoch draws what another one draws, nor what begins at the stream's start.
    let start = RandomState(
      .philox(key: place.seed, position: UInt64(truncatingIfNeeded: place.epoch + 1) << 40))
    let source = generator ?? RandomGenerator(start)
    let now = source.state
    if let start = place.generator { source.state = start }
    let order = sampler.positions(of: dataset.count, epoch: place.epoch, generator: source)
    // The order of an epoch under way was drawn before, and others have drawn from the generator since.
    if place.batch > 0 { source.state = now }
    return order
  }

  fileprivate func handOut(_ batch: Int, of iteration: Int) {
    guard self.iteration == iteration else { return }
    place.batch = batch + 1
    isWaiting = false
  }

  /// Hands out the batches of one epoch.
  public struct Iterator: IteratorProtocol {
    private let loader: DataLoader
    private let iteration: Int
    private var number: Int
    private var count: Int
    private let make: @Sendable (Int) -> Result<Batch, any Error>
    private let prefetcher: Prefetcher<Result<Batch, any Error>>?

    fileprivate init(_ loader: DataLoader, order: [Int]) {
      let (settings, first) = (loader.settings, loader.place.batch)
      self.loader = loader
      (iteration, number, count) = (loader.iteration, first, loader.batchCount)
      let make = DataLoader.maker(
        loader.dataset, order, loader.settings.batchSize, loader.place.seed, loader.place.epoch,
        Context.current.backend.isPaper ? .cpu : .current)
      self.make = make
      prefetcher =
        settings.prefetch == 0 || settings.workers == 0
        ? nil
        : Prefetcher(
          count: count - first, depth: settings.prefetch, workers: settings.workers
        ) { make(first + $0) }
    }

    /// The next batch; nil after the last of the epoch.
    public mutating func next() -> Batch? {
      guard number < count else { return nil }
      switch prefetcher?.next() ?? make(number) {
      case .success(let batch):
        loader.handOut(number, of: iteration)
        number += 1
        return batch
      case .failure(let error):
        count = number
        Context.current.fail(error)
        return nil
      }
    }
  }

  /// Runs `body` as the loop would that asked for the batch, whichever thread it is.
  private static func prefetching<Result>(
    on device: Device, _ body: () throws -> Result
  ) throws -> Result {
    Context.current.backend.isPaper ? try body() : try withDevice(device, body)
  }

  /// Makes the batch of a number, whoever asks for it.
  private static func maker(
    _ dataset: any Dataset, _ order: [Int], _ size: Int, _ seed: UInt64, _ epoch: Int,
    _ device: Device
  ) -> @Sendable (Int) -> Result<Batch, any Error> {
    { number in
      let start = number * size
      let rows = start..<(start + Swift.min(size, order.count - start))
      let positions = Array(order[rows])
      let places = BatchPlaces(seed: seed, epoch: epoch, places: rows)
      return Result {
        try validated {
          try Context.current.scoping(places.below) {
            try withRandomGenerator(places.generator(for: positions)) {
              try prefetching(on: device) { withoutGradients { dataset.batch(at: positions) } }
            }
          }
        }
      }
    }
  }
}
