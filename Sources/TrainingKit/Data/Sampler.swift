/// Which examples an epoch visits, and in what order.
///
///     DataLoader(data, batchSize: 64, sampler: .balanced(labels))
///     DataLoader(data, batchSize: 64, sampler: .distributed(rank: 0, of: 4))
///
/// A sampler remembers nothing: its order is a function of the epoch and of a generator that the loader's seed and the
/// epoch determine. So every epoch has an order of its own without being told, and a resumed one goes on as it began.
public protocol Sampler: Sendable {
  /// How many positions an epoch of a dataset has.
  ///
  /// - Parameter examples: how many examples the dataset has.
  func count(of examples: Int) -> Int

  /// The positions of an epoch, in order.
  ///
  /// - Parameters:
  ///   - examples: how many examples the dataset has.
  ///   - epoch: the number of the epoch, from 0.
  ///   - generator: where to draw from.
  func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int]
}

extension Sampler {
  /// As many as there are examples.
  public func count(of examples: Int) -> Int { examples }
}

/// Every example once, in the order of the dataset.
public struct SequentialSampler: Sampler {
  /// Creates the sampler.
  public init() {}

  /// The positions from 0.
  public func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int] {
    Array(0..<examples)
  }
}

/// Every example once, in random order.
public struct RandomSampler: Sampler {
  /// Creates the sampler.
  public init() {}

  /// A permutation; from a Mersenne Twister it is that of PyTorch's `randperm`.
  public func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int] {
    generator.permutation(examples).elements()
  }
}

/// Some examples once, in an order that another sampler gives them.
public struct SubsetSampler: Sampler {
  private let places: [Int]
  private let base: any Sampler

  /// Creates a sampler of the given positions.
  public init(_ positions: some Sequence<Int>, ordered base: some Sampler = RandomSampler()) {
    (places, self.base) = (Array(positions), base)
  }

  /// As many as the base takes of the given positions.
  public func count(of examples: Int) -> Int { base.count(of: places.count) }

  /// The given positions in the order of the base.
  public func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int] {
    base.positions(of: places.count, epoch: epoch, generator: generator).map { places[$0] }
  }
}

extension Sampler where Self == SequentialSampler {
  /// Every example once, in the order of the dataset.
  public static var sequential: SequentialSampler { SequentialSampler() }
}

extension Sampler where Self == RandomSampler {
  /// Every example once, in random order.
  public static var random: RandomSampler { RandomSampler() }
}

extension Sampler where Self == SubsetSampler {
  /// The given examples once, in random order unless another is asked for.
  public static func subset(
    _ positions: some Sequence<Int>, ordered base: some Sampler = RandomSampler()
  ) -> SubsetSampler {
    SubsetSampler(positions, ordered: base)
  }
}
