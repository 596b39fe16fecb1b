/// Exponentials of the last axis divided by their sum, or the logarithm of that.
struct SoftmaxForward: Operation {
  let isLogarithm: Bool

  var name: String { isLogarithm ? "logSoftmax" : "softmax" }
  var saves: Saved { .output }
  var precision: PrecisionRule { .wide }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    try inputs[0].expectFloatingPoint(name)
    return TensorSpec(inputs[0].shape, inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.softmax(logarithm: isLogarithm, inputs[0], into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [SoftmaxBackward(isLogarithm: isLogarithm)(gradient.contiguous(), output)]
  }
}

/// What a gradient becomes on its way through `SoftmaxForward`, given its result y: y (g − Σ g y), or g −
/// eʸ Σ g for the logarithm.
struct SoftmaxBackward: Operation {
  let isLogarithm: Bool

  var name: String { isLogarithm ? "logSoftmaxGradient" : "softmaxGradient" }

  func result(of inputs: Operands) -> TensorSpec { TensorSpec(inputs[1].shape, inputs[1].dtype) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.softmaxBackward(
      logarithm: isLogarithm, gradient: inputs[0], y: inputs[1], into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let (g, y) = (inputs[0], inputs[1])
    func sum(_ x: Tensor) -> Tensor { x.sum(axis: -1, keepDims: true) }
    if isLogarithm {
      let probability = y.exp()
      let weighted = gradient * probability
      return [gradient - sum(weighted), -weighted * sum(g)]
    }
    return [
      SoftmaxBackward(isLogarithm: false)(gradient.contiguous(), y),
      gradient * (g - sum(g * y)) - g * sum(gradient * y),
    ]
  }
}

extension Tensor {
  /// The exponentials along an axis divided by their sum: positive numbers that add up to 1.
  ///
  /// - Numerics: cannot overflow; NaN where all elements are minus infinity.
  /// - Gradient: exact in every order.
  public func softmax(axis: Int = -1) -> Tensor { softmax(axis, isLogarithm: false) }

  /// The logarithm of the softmax along an axis, accurate where the softmax would round to 0.
  public func logSoftmax(axis: Int = -1) -> Tensor { softmax(axis, isLogarithm: true) }

  /// The softmax of the negated elements: the smallest gets the largest share.
  public func softmin(axis: Int = -1) -> Tensor { (-self).softmax(axis: axis) }

  private func softmax(_ axis: Int, isLogarithm: Bool) -> Tensor {
    let operation = SoftmaxForward(isLogarithm: isLogarithm)
    guard let axis = self.axis(axis, operation.name) else { return self }
    if axis == rank - 1 { return operation(contiguous()) }
    return operation(transposed(axis, -1).contiguous()).transposed(axis, -1)
  }
}
