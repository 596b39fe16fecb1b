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
    let function = DroppedElements(numbers: numbers, isInputKept: isKeptByItsNode)
    let output = withoutGradients { function.applied(to: self) }
    return function.recorded(output, of: [self], in: .current)
  }

  /// Whether the node that made this value keeps it in any case.
  private var isKeptByItsNode: Bool { node?.operation.saves.contains(.output) ?? false }
}

/// Dropout as one node of the graph, which draws its numbers again where it needs them and keeps none.
private struct DroppedElements: Differentiable {
  let numbers: DeferredNumbers
  /// Whether keeping the input takes no memory.
  let isInputKept: Bool

  var name: String { "dropout" }
  var saves: Saved { isInputKept ? .inputs : [] }

  func applied(to x: Tensor) -> Tensor { x * numbers.tensor(name, x.shape, x.dtype) }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].isHollow ? nil : { applied(to: inputs[0]) }
  }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    let factors = numbers.tensor(name, gradient.shape, gradient.dtype)
    return [consume gradient * factors]
  }
}
