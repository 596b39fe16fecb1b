extension TensorDataset {
  /// Reads the examples of a safetensors file, such as one that Python wrote. Its other tensors are left alone.
  ///
  ///     let digits = try TensorDataset(safetensors: "digits.safetensors")
  ///
  /// - Parameters:
  ///   - inputs: the name of the tensor of the inputs, one a row.
  ///   - labels: that of the labels.
  /// - Errors: `CheckpointError` when there is no such file, it is damaged, or it lacks one of the tensors, or the two
  ///   differ in their numbers of rows.
  public init(
    safetensors path: String, inputs: String = "inputs", labels: String = "labels"
  ) throws(CheckpointError) {
    let found = try SafeTensorsFile(path).tensors([inputs, labels])
    func rows(_ name: String) throws(CheckpointError) -> Tensor {
      guard let tensor = found[name] else {
        throw CheckpointError(.mismatch, path, name, expected: "a tensor", got: "none")
      }
      guard tensor.rank > 0 else {
        throw CheckpointError(.mismatch, path, name, expected: "a row an example", got: "no axes")
      }
      return tensor
    }
    let (x, y) = (try rows(inputs), try rows(labels))
    guard x.shape[0] == y.shape[0] else {
      throw CheckpointError(
        .mismatch, path, labels, expected: "\(x.shape[0]) rows, as \(inputs) has",
        got: "\(y.shape[0])")
    }
    self.init(inputs: x, labels: y)
  }
}
