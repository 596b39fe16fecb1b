/// The examples of another dataset, changed as they are taken.
public struct TransformedDataset<Base: Dataset>: Dataset {
  private let base: Base
  private let transform: @Sendable (inout Batch, [Int], BatchPlaces) -> Void

  fileprivate init(
    _ base: Base, _ transform: @escaping @Sendable (inout Batch, [Int], BatchPlaces) -> Void
  ) {
    (self.base, self.transform) = (base, transform)
  }

  /// The number of examples.
  public var count: Int { base.count }

  /// The examples at the given positions as a batch.
  ///
  /// - Errors: traps when there is no such example.
  public func batch(at positions: [Int]) -> Batch {
    let places = BatchPlaces.current(for: positions)
    var batch = Context.current.scoping(places.below) { base.batch(at: positions) }
    if batch.count == positions.count { transform(&batch, positions, places) }
    return batch
  }
}

/// One example of a dataset.
public struct Example: Sendable {
  /// The input.
  public var x: Tensor
  /// The label.
  public var y: Tensor
  /// The place in the whole dataset.
  public let index: Int
}

extension Dataset {
  /// This dataset with every batch changed as it is made.
  ///
  ///     let noisy = images.transformed { batch, generator in
  ///       let x = batch.x.cast(to: .float32) / 255
  ///       batch.x = x + generator.normal(x.shape, standardDeviation: 0.1)
  ///     }
  ///
  /// What the generator draws depends on the loader's seed, the epoch, and which examples stand where in its order: it
  /// is the same for any number of workers and after a resume, and another one in every epoch. Outside of loaders it
  /// depends on the current generator.
  public func transformed(
    _ transform: @escaping @Sendable (inout Batch, RandomGenerator) -> Void
  ) -> TransformedDataset<Self> {
    TransformedDataset(self) { batch, positions, places in
      let generator = places.generator(for: positions)
      withRandomGenerator(generator) { transform(&batch, generator) }
    }
  }

  /// This dataset with every example changed as it is taken; all must come out alike in shape and dtype.
  ///
  ///     let flipped = images.transformedExamples { example, generator in
  ///       if generator.uniform([]).item() < 0.5 { example.x = example.x.flipped(axes: [-1]) }
  ///     }
  ///
  /// What an example draws depends, unlike with ``transformed(_:)``, on no other in the batch: it is the same for any
  /// size of batches.
  public func transformedExamples(
    _ transform: @escaping @Sendable (inout Example, RandomGenerator) -> Void
  ) -> TransformedDataset<Self> {
    TransformedDataset(self) { batch, positions, places in
      let examples = positions.indices.map { row in
        var example = Example(x: batch.x[row], y: batch.y[row], index: batch.indices[row])
        let generator = places.generator(for: positions[row], row: row)
        withRandomGenerator(generator) { transform(&example, generator) }
        return example
      }
      guard !examples.isEmpty else { return }
      batch.x = stack(examples.map(\.x))
      batch.y = stack(examples.map(\.y))
    }
  }
}
