/// Examples that are the rows of two tensors.
///
///     let digits = TensorDataset(inputs: images, labels: labels)
///     let (training, heldOut) = digits.split(0.8, seed: 0)
///
/// Inputs keep their dtype: images of bytes take a quarter of the memory of real numbers, and become such a batch at
/// a time with ``transformed(_:)``.
public struct TensorDataset: Dataset {
  /// The inputs, one a row.
  public let inputs: Tensor
  /// The labels, one a row.
  public let labels: Tensor
  /// The number of examples.
  public let count: Int

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
      count = 0
      return
    }
    count = inputs.shape[0]
  }

  /// The examples at the given positions as a batch.
  ///
  /// - Errors: traps when there is no such example.
  public func batch(at positions: [Int]) -> Batch {
    let rows = hasExamples(positions, for: "batch") ? positions : []
    return Batch(x: inputs.gathered(rows), y: labels.gathered(rows), indices: rows)
  }
}

extension Tensor {
  /// The given rows of this contiguous tensor.
  func gathered(_ rows: [Int]) -> Tensor {
    let result = shape.replacing(0, with: rows.count)
    guard !isHollow else { return .hollow(result, dtype) }
    if device != .cpu { return onItsDevice { _ in taking(Tensor(rows)) } }
    let byteCount = count / Swift.max(shape[0], 1) * dtype.byteCount
    return Tensor.written("batch", result, dtype) { memory in
      for (place, row) in rows.enumerated() {
        (memory + place * byteCount).copyMemory(
          from: address + row * byteCount, byteCount: byteCount)
      }
    }
  }
}
