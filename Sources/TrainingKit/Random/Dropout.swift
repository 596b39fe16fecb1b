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
    let value = stays > 0 ? 1 / stays : 0
    guard
      let numbers = generator.deferredBernoulli(count, probability: stays, value: value)
    else {
      return self * generator.bernoulli(shape, probability: stays, value: value, dtype: dtype)
    }
    let dense = contiguous()
    return DroppedElements(numbers: numbers, isInputKept: dense.isKeptByItsNode)(dense)
  }

  /// Whether the node that made this value keeps it in any case.
  private var isKeptByItsNode: Bool { node?.operation.saves.contains(.output) ?? false }
}

/// Dropout in one pass, which draws its numbers again where it needs them and keeps none.
private struct DroppedElements: Operation {
  let numbers: DeferredNumbers
  /// Whether keeping the input takes no memory.
  let isInputKept: Bool

  var name: String { "dropout" }
  var saves: Saved { isInputKept ? .inputs : [] }
  var isElementwise: Bool { true }

  func result(of inputs: Operands) -> TensorSpec { TensorSpec(inputs[0].shape, inputs[0].dtype) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try numbers.multiply(inputs[0], into: output, on: backend)
  }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].isHollow ? nil : { self(inputs[0]) }
  }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    let dense = gradient.contiguous()
    _ = consume gradient
    return [apply(to: Operands(consume dense))]
  }
}
