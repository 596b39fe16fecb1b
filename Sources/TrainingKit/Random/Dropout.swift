extension Tensor {
  /// Every element set to zero with the given probability, the others divided by the probability
  /// that they stay, so that the mean is kept. For training only: in evaluation nothing is dropped.
  ///
  /// - Gradient: passes where elements stayed, divided alike.
  /// - Errors: traps when the probability is not in 0 … 1.
  /// - Source: Srivastava et al. 2014, "Dropout".
  public func dropout(
    _ probability: Double = 0.5, generator: RandomGenerator = .current
  ) -> Tensor {
    guard (0...1).contains(probability) else {
      Context.current.fail(
        TensorError.argument("dropout", expected: "a probability in 0 ... 1", got: probability))
      return self
    }
    guard dtype.isFloatingPoint else {
      Context.current.fail(
        TensorError.dtype("dropout", expected: "a floating-point dtype", got: dtype))
      return self
    }
    if probability == 0 { return self }
    let stays = 1 - probability
    // Were everything dropped, the scale would be infinite; no element would have it.
    return self
      * generator.bernoulli(
        shape, probability: stays, value: stays > 0 ? 1 / stays : 0, dtype: dtype)
  }
}
