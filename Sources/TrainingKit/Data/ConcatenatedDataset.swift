/// The examples of several datasets, one after the other.
public struct ConcatenatedDataset: Dataset {
  private let parts: [any Dataset]
  /// Where each part begins, and where the last one ends.
  private let bounds: [Int]

  /// Creates the dataset of the examples of all parts, which must be alike in shape and dtype.
  public init(_ parts: [any Dataset]) {
    self.parts = parts
    bounds = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
  }

  /// The number of examples.
  public var count: Int { bounds[parts.count] }

  /// The examples at the given positions as a batch, whose indices are those positions.
  ///
  /// - Errors: traps when there is no such example, or when examples differ in shape or dtype.
  public func batch(at positions: [Int]) -> Batch {
    guard !parts.isEmpty, hasExamples(positions, for: "batch") else {
      return Batch(x: .zeros([0]), y: .zeros([0]), indices: [])
    }
    let owners = positions.map { part(of: $0) }
    // In a batch without examples, the first part tells the shape.
    let needed = positions.isEmpty ? [0] : parts.indices.filter(owners.contains)
    let rows = needed.map { part in owners.indices.filter { owners[$0] == part } }
    let places = BatchPlaces.current(for: positions)
    let batches = zip(needed, rows).map { part, rows in
      Context.current.scoping(places.selecting(rows, branch: part)) {
        parts[part].batch(at: rows.map { positions[$0] - bounds[part] })
      }
    }
    var order = owners
    for (joined, row) in rows.joined().enumerated() { order[row] = joined }
    return Batch(
      x: ConcatenatedDataset.joined(batches.map(\.x), order),
      y: ConcatenatedDataset.joined(batches.map(\.y), order), indices: positions)
  }

  private func part(of position: Int) -> Int {
    bounds.partitioningIndex { $0 > position } - 1
  }

  private static func joined(_ tensors: [Tensor], _ order: [Int]) -> Tensor {
    tensors.count == 1 ? tensors[0] : concatenate(tensors).gathered(order)
  }
}

extension Dataset {
  /// The examples of this dataset, then those of another.
  public func concatenated(with other: some Dataset) -> ConcatenatedDataset {
    ConcatenatedDataset([self, other])
  }
}
