/// Some examples of another dataset, with which they share memory.
public struct SubsetDataset<Base: Dataset>: Dataset {
  private let base: Base
  private let places: [Int]

  fileprivate init(_ base: Base, _ places: [Int]) { (self.base, self.places) = (base, places) }

  /// The number of examples.
  public var count: Int { places.count }

  /// The examples at the given positions as a batch, whose indices are places in the whole.
  ///
  /// - Errors: traps when there is no such example.
  public func batch(at positions: [Int]) -> Batch {
    let isKnown = hasExamples(positions, for: "batch")
    return base.batch(at: isKnown ? positions.map { places[$0] } : [])
  }
}

extension Dataset {
  /// The dataset of the examples at the given positions.
  ///
  /// - Errors: traps when there is no such example.
  public func subset(_ positions: some Sequence<Int>) -> SubsetDataset<Self> {
    let places = Array(positions)
    return SubsetDataset(self, hasExamples(places, for: "subset") ? places : [])
  }

  /// Two datasets: a share of the examples drawn at random, and the rest.
  ///
  /// - Errors: traps unless the share is in 0 … 1.
  public func split(
    _ share: Double, seed: UInt64
  ) -> (SubsetDataset<Self>, SubsetDataset<Self>) {
    guard (0...1).contains(share) else {
      Context.current.fail(
        TensorError.argument("split", expected: "a share from 0 to 1", got: share))
      return (subset([]), subset([]))
    }
    let order = RandomGenerator(seed: seed).permutation(count).elements(Int.self)
    let cut = Int((share * Double(count)).rounded())
    return (subset(order[..<cut].sorted()), subset(order[cut...].sorted()))
  }
}
