extension Tensor {
  /// What an elementwise function makes of the elements where a condition holds, and `value`
  /// elsewhere. The function never meets the other elements: it gets `standIn` in their place.
  ///
  ///     let root = x.mapped(where: x .> 0) { $0.sqrt() }
  ///
  /// - Gradient: 0 where the condition fails. Beside ``which(_:_:_:)`` it is needed where the
  ///   function's slope is not finite, because 0 times that is NaN: `which(x .> 0, x.sqrt(), 0)` has
  ///   the gradient NaN at 0.
  public func mapped(
    where condition: Tensor, otherwise value: Double = 0, standIn: Double = 1,
    _ function: (Tensor) -> Tensor
  ) -> Tensor {
    let result = function(which(condition, self, scalar(standIn)))
    return which(condition, result, result.scalar(value))
  }
}
