/// Examples that a network learns from, which can be taken in batches.
public protocol Dataset: Sendable {
  /// The number of examples.
  var count: Int { get }

  /// The examples at the given positions, in that order. Loaders call it on a thread of their own.
  func batch(at positions: [Int]) -> Batch
}

/// Some examples of a dataset.
public struct Batch: Sendable {
  /// The inputs, one a row.
  public let x: Tensor
  /// The labels, one a row.
  public let y: Tensor
  /// The places of the examples in the whole dataset.
  public let indices: [Int]

  /// Creates a batch.
  public init(x: Tensor, y: Tensor, indices: [Int]) {
    self.x = x
    self.y = y
    self.indices = indices
  }

  /// The number of examples.
  public var count: Int { indices.count }

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
      let end = min(start + size, count)
      return Batch(x: x[start..<end], y: y[start..<end], indices: Array(indices[start..<end]))
    }
  }
}
