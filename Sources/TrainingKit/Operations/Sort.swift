/// The order that sorts the last axis.
struct Argsort: Operation {
  let descending: Bool

  var name: String { "argsort" }
  var saves: Saved { [] }

  func result(of inputs: Operands) -> TensorSpec { TensorSpec(inputs[0].shape, .int64) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.argsort(inputs[0], descending: descending, into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes { [nil] }
}

extension Tensor {
  /// The places of the elements along an axis, from the smallest element to the largest; int64.
  ///
  /// - Numerics: equal elements keep their order; NaN counts as the largest.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    if rank == 0 { return Tensor.zeros([], dtype: .int64) }
    guard let axis = self.axis(axis, "argsort") else { return self }
    let rows = detached().transposed(axis, -1).contiguous()
    return Argsort(descending: descending)(rows).transposed(axis, -1)
  }

  /// The elements along an axis from the smallest to the largest, and where each was; indices are
  /// int64.
  ///
  /// - Numerics: equal elements keep their order; NaN counts as the largest.
  /// - Gradient: goes back to where each element was.
  public func sorted(
    axis: Int = -1, descending: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let order = argsort(axis: axis, descending: descending)
    return (rank == 0 ? self : gather(order, axis: axis), order)
  }

  /// The `count` largest elements along an axis, the largest first, and where each was; indices are
  /// int64.
  ///
  /// - Parameter largest: false for the smallest elements, the smallest first.
  /// - Numerics: of equal elements the first is taken; NaN counts as the largest.
  /// - Gradient: goes back to where each element was.
  /// - Errors: traps when the axis has fewer elements.
  public func topK(
    _ count: Int, axis: Int = -1, largest: Bool = true
  ) -> (values: Tensor, indices: Tensor) {
    guard let axis = self.axis(axis, "topK") else { return (self, self) }
    guard count >= 0, count <= shape[axis] else {
      Context.current.fail(
        TensorError.argument(
          "topK", expected: "a count in 0 ... \(shape[axis]), axis \(axis) of \(shape)", got: count)
      )
      return (self, self)
    }
    let order = argsort(axis: axis, descending: largest)
      .slice(axis: axis, start: 0, count: count)
    return (gather(order, axis: axis), order)
  }
}
