/// Examples that a network learns from, which can be taken in batches.
///
/// Datasets compose: parts of one (``subset(_:)``, ``split(_:seed:)``), several in a row (``concatenated(with:)``)
/// and changed ones (``transformed(_:)``, ``standardized(by:)``) are datasets.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The examples at the given positions, in that order.
  ///
  /// Loaders call it on threads of their own, several at once. What it draws from `RandomGenerator.current` there
  /// depends on the loader's seed, the epoch and the examples, and not on the thread.
  func batch(at positions: [Int]) -> Batch
}

extension Dataset {
  /// All examples as one batch.
  public var all: Batch { batch(at: Array(0..<count)) }

  /// Whether there are such examples; reports the first that does not exist.
  func hasExamples(_ positions: [Int], for operation: String) -> Bool {
    let count = count
    guard let stray = positions.first(where: { $0 < 0 || $0 >= count }) else { return true }
    Context.current.fail(
      TensorError(.index, operation, expected: "positions below \(count)", got: "\(stray)"))
    return false
  }
}

/// Some examples of a dataset.
public struct Batch: Sendable, CustomStringConvertible {
  /// The inputs, one a row.
  public var x: Tensor
  /// The labels, one a row.
  public var y: Tensor
  /// The places of the examples in the whole dataset.
  public var indices: [Int]

  /// Creates a batch.
  public init(x: Tensor, y: Tensor, indices: [Int]) {
    self.x = x
    self.y = y
    self.indices = indices
  }

  /// The number of examples.
  public var count: Int { indices.count }

  /// The count, shapes and types: `64 examples: x [64, 2] float32, y [64] int64`.
  public var description: String {
    "\(count) example\(count == 1 ? "" : "s"): x \(x.shape) \(x.dtype), y \(y.shape) \(y.dtype)"
  }

  /// The batch in parts of at most `size` examples, for accumulating gradients.
  ///
  /// - Errors: traps when the size is below 1.
  public func split(size: Int) -> [Batch] {
    guard size > 0 else {
      Context.current.fail(
        TensorError.argument("split", expected: "a size of 1 or more", got: size))
      return [self]
    }
    return stride(from: 0, to: count, by: size).map { start in
      let rows = start..<(start + min(size, count - start))
      return Batch(x: x[rows], y: y[rows], indices: Array(indices[rows]))
    }
  }
}
