/// Examples that are the rows of two tensors.
///
///     let digits = TensorDataset(inputs: images, labels: labels)
///     let (training, heldOut) = digits.split(0.8, seed: 0)
///
/// Subsets share memory with the whole.
public struct TensorDataset: Dataset {
  private let inputs, labels: Tensor
  private let rows: [Int]

  /// Creates a dataset of as many examples as the tensors have rows.
  ///
  /// - Errors: traps when the two differ in their numbers of rows, or one has no axes.
  public init(inputs: Tensor, labels: Tensor) {
    self.inputs = inputs.detached().contiguous()
    self.labels = labels.detached().contiguous()
    guard inputs.rank > 0, labels.rank > 0, inputs.shape[0] == labels.shape[0] else {
      Context.current.fail(
        TensorError.shape(
          "TensorDataset", expected: "as many inputs as labels", got: inputs.shape, labels.shape))
      rows = []
      return
    }
    rows = Array(0..<inputs.shape[0])
  }

  private init(_ whole: TensorDataset, rows: [Int]) {
    (inputs, labels, self.rows) = (whole.inputs, whole.labels, rows)
  }

  /// The number of examples.
  public var count: Int { rows.count }

  /// The examples at the given positions as a batch.
  ///
  /// - Errors: traps when there is no such example.
  public func batch(at positions: [Int]) -> Batch {
    guard let places = places(positions, for: "batch") else {
      return Batch(x: inputs, y: labels, indices: [])
    }
    return Batch(x: inputs.gathered(places), y: labels.gathered(places), indices: places)
  }

  /// All examples as one batch.
  public var all: Batch { batch(at: Array(0..<count)) }

  /// The dataset of the examples at the given positions.
  ///
  /// - Errors: traps when there is no such example.
  public func subset(_ positions: some Sequence<Int>) -> TensorDataset {
    TensorDataset(self, rows: places(Array(positions), for: "subset") ?? [])
  }

  /// Two datasets: a share of the examples drawn at random, and the rest.
  ///
  /// - Errors: traps unless the share is in 0 … 1.
  public func split(_ share: Double, seed: UInt64) -> (TensorDataset, TensorDataset) {
    guard (0...1).contains(share) else {
      Context.current.fail(
        TensorError.argument("split", expected: "a share from 0 to 1", got: share))
      return (self, self)
    }
    let order = RandomGenerator(seed: seed).permutation(count).elements(Int.self)
    let cut = Int((share * Double(count)).rounded())
    return (subset(order[..<cut].sorted()), subset(order[cut...].sorted()))
  }

  private func places(_ positions: [Int], for operation: String) -> [Int]? {
    if let stray = positions.first(where: { !rows.indices.contains($0) }) {
      Context.current.fail(
        TensorError(
          .index, operation, expected: "positions below \(count)", got: "\(stray)"))
      return nil
    }
    return positions.map { rows[$0] }
  }
}

extension Tensor {
  /// The given rows of this contiguous tensor.
  fileprivate func gathered(_ rows: [Int]) -> Tensor {
    let result = shape.replacing(0, with: rows.count)
    guard !isHollow else { return .hollow(result, dtype) }
    let byteCount = count / Swift.max(shape[0], 1) * dtype.byteCount
    // Copied here rather than by a kernel: a loader's thread must not take the pool from a training step.
    return Tensor.fresh("batch", result, dtype) { tensor, _ in
      for (place, row) in rows.enumerated() {
        (tensor.address + place * byteCount).copyMemory(
          from: address + row * byteCount, byteCount: byteCount)
      }
    }
  }
}
