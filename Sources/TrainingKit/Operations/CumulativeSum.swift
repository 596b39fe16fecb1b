/// Sums of every element of the last axis with all before it.
struct CumulativeSum: Operation {
  var name: String { "cumulativeSum" }
  var saves: Saved { [] }
  var precision: PrecisionRule { .wide }

  func result(of inputs: Operands) -> TensorSpec {
    let dtype = inputs[0].dtype
    return TensorSpec(inputs[0].shape, dtype.isFloatingPoint ? dtype : .int64)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.cumulativeSum(inputs[0], into: output)
  }

  /// An element is in all sums from its own place on.
  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [gradient.flipped(axes: [-1]).cumulativeSum(axis: -1).flipped(axes: [-1])]
  }
}

extension Tensor {
  /// The sums of every element with all before it along an axis; integers are summed in int64.
  ///
  ///     Tensor([1, 2, 3]).cumulativeSum(axis: 0)      // [1, 3, 6]
  ///
  /// - Numerics: compensated, in float32 for halves.
  public func cumulativeSum(axis: Int) -> Tensor {
    guard let axis = self.axis(axis, "cumulativeSum") else { return self }
    if axis == rank - 1 { return CumulativeSum()(contiguous()) }
    return CumulativeSum()(transposed(axis, -1).contiguous()).transposed(axis, -1)
  }
}
