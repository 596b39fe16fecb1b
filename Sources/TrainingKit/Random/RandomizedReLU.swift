extension Tensor {
  /// x above zero, and a random slope times x below: each element has its own slope. For training
  /// only; in evaluation, ``leakyReLU(slope:)`` takes the mean slope.
  ///
  /// - Gradient: the slope that was drawn, also at 0.
  /// - Errors: traps when the slopes are not finite or in the wrong order.
  /// - Source: Xu et al. 2015, arXiv:1505.00853.
  public func rrelu(
    lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, generator: RandomGenerator = .current
  ) -> Tensor {
    guard dtype.isFloatingPoint else {
      Context.current.fail(
        TensorError.dtype("rrelu", expected: "a floating-point dtype", got: dtype))
      return self
    }
    if let mistake = TensorError.slopes(lower, upper, "rrelu") {
      Context.current.fail(mistake)
      return self
    }
    let slopes = generator.uniform(shape, in: lower..<upper).cast(to: dtype)
    return self * which(self .> 0, Tensor.ones([], dtype: dtype), slopes)
  }
}

extension TensorError {
  /// The mistake of slopes that are no range.
  package static func slopes(
    _ lower: Double, _ upper: Double, _ operation: String
  ) -> TensorError? {
    lower <= upper && (upper - lower).isFinite
      ? nil
      : .argument(
        operation, expected: "a lower slope that is not above the upper one",
        got: "\(lower) and \(upper)")
  }
}
