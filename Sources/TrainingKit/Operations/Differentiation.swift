extension Tensor {
  /// The gradients of this single value with respect to each of the given tensors; zeros where it does not depend
  /// on one.
  ///
  ///     let gradients = loss.gradients(for: [weight, bias])
  ///
  /// - Parameters:
  ///   - tensors: tracked tensors, or results on the way from them to this one.
  ///   - isRecorded: whether the gradients can be differentiated again.
  /// - Errors: traps when this tensor has more than one element or a tensor is not tracked.
  public func gradients(for tensors: [Tensor], isRecorded: Bool = false) -> [Tensor] {
    guard count == 1 else {
      Context.current.fail(
        TensorError.shape("gradients", expected: "a single value", got: shape))
      return tensors
    }
    return pullback(Tensor.ones(shape, dtype: dtype), to: tensors, isRecorded: isRecorded)
  }

  /// The gradient of this single value with respect to a tensor.
  public func gradient(for tensor: Tensor, isRecorded: Bool = false) -> Tensor {
    gradients(for: [tensor], isRecorded: isRecorded)[0]
  }

  /// The product of `cotangent`, which has this tensor's shape, with the derivative of this tensor with respect to
  /// each of the given tensors.
  public func pullback(
    _ cotangent: Tensor, to tensors: [Tensor], isRecorded: Bool = false
  ) -> [Tensor] {
    let wanted = tensors.compactMap(\.origin)
    guard wanted.count == tensors.count, cotangent.shape == shape else {
      Context.current.fail(
        TensorError.argument(
          "gradients", expected: "tracked tensors and a cotangent of \(shape)",
          got: wanted.count == tensors.count ? "\(cotangent.shape)" : "one that is not tracked"))
      return tensors
    }
    let found = Backward(from: self).run(seed: cotangent, for: wanted, isRecorded: isRecorded) {
      $0 + $1
    }
    return zip(tensors, found).map { $1 ?? Tensor.zeros($0.shape, dtype: $0.dtype) }
  }
}
