/// The share of one of several processes that train or evaluate together.
///
/// All ranks lay out the same order, to which their loaders need the same seed, and rank r takes the positions r,
/// r + ranks, r + 2 · ranks and so on of it. The order is another one in every epoch.
///
/// - Source: PyTorch's `DistributedSampler`, but for `Remainder.kept`.
public struct DistributedSampler: Sampler {
  /// What becomes of the examples at the end of the order that are too few for one to each rank.
  public enum Remainder: Sendable, Hashable {
    /// Ranks that would go without get examples from the start of the order: all have equally many, and some examples
    /// come twice.
    case repeated
    /// They are left out: all ranks have equally many.
    case dropped
    /// They go to the first ranks, which have one more: every example comes once, as an evaluation needs it.
    case kept
  }

  private let rank, ranks: Int
  private let remainder: Remainder
  private let base: any Sampler

  /// Creates the sampler of a rank.
  ///
  /// - Parameters:
  ///   - base: the order of all, which ranks share out.
  /// - Errors: traps unless the rank is in 0 ..< ranks.
  public init(
    rank: Int, of ranks: Int, remainder: Remainder = .repeated,
    sharing base: some Sampler = RandomSampler()
  ) {
    let isKnown = ranks > 0 && rank >= 0 && rank < ranks
    if !isKnown {
      Context.current.fail(
        TensorError.argument(
          "DistributedSampler", expected: "a rank from 0 and below the number of ranks",
          got: "\(rank) of \(ranks)"))
    }
    (self.rank, self.ranks) = isKnown ? (rank, ranks) : (0, 1)
    (self.remainder, self.base) = (remainder, base)
  }

  /// How many examples the rank gets.
  public func count(of examples: Int) -> Int {
    let all = base.count(of: examples)
    let rest = all % ranks
    return switch remainder {
    case .repeated: all / ranks + (rest > 0 ? 1 : 0)
    case .dropped: all / ranks
    case .kept: all / ranks + (rank < rest ? 1 : 0)
    }
  }

  /// The positions of the rank, in order.
  public func positions(of examples: Int, epoch: Int, generator: RandomGenerator) -> [Int] {
    let order = base.positions(of: examples, epoch: epoch, generator: generator)
    return (0..<count(of: examples)).map { order[(rank + $0 * ranks) % order.count] }
  }
}

extension Sampler where Self == DistributedSampler {
  /// The share of one of several processes that train or evaluate together, of a random order unless another is given.
  ///
  /// - Errors: traps unless the rank is in 0 ..< ranks.
  public static func distributed(
    rank: Int, of ranks: Int, remainder: DistributedSampler.Remainder = .repeated,
    sharing base: some Sampler = RandomSampler()
  ) -> DistributedSampler {
    DistributedSampler(rank: rank, of: ranks, remainder: remainder, sharing: base)
  }
}
