/// Elements converted to a dtype, or only brought into row-major order when it is the same.
struct Cast: Operation {
  let dtype: DType

  var name: String { "cast" }
  func result(of inputs: Operands) -> TensorSpec { TensorSpec(inputs[0].shape, dtype) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.copy(inputs[0], into: output)
  }

  var saves: Saved { [] }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].remaking(as: self.dtype.isHalf ? self.dtype : dtype).map { make in
      { apply(to: [make()]) }
    }
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [gradient.cast(to: inputs[0].dtype)]
  }
}

extension Tensor {
  /// The elements converted to another dtype: rounded to the nearest for reals, cut toward zero for integers, "is not
  /// zero" for bool.
  public func cast(to dtype: DType) -> Tensor {
    dtype == self.dtype ? self : Cast(dtype: dtype)(self)
  }

  /// The same elements in row-major order without gaps; copies only when they are not.
  public func contiguous() -> Tensor { form.isContiguous ? self : Cast(dtype: dtype)(self) }
}
