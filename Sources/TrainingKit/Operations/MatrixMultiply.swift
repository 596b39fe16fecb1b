/// Products of matrices: `[m, k]` by `[k, n]`, or a batch of them.
struct MatrixMultiply: Operation {
  var name: String { "matmul" }
  var saves: Saved { .factors }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let (a, b) = (inputs.form(0), inputs.form(1))
    let (left, right) = (a.layout.shape, b.layout.shape)
    guard left.rank == right.rank, left.rank == 2 || left.rank == 3, left[-1] == right[-2],
      left.rank == 2 || left[0] == right[0]
    else {
      throw .shape(name, expected: "[…, m, k] and [k, n]", got: left, right)
    }
    guard a.dtype == b.dtype, a.dtype.isFloatingPoint else {
      throw TensorError(
        .dtype, name, expected: "two tensors of one floating-point dtype",
        got: "\(a.dtype) and \(b.dtype)")
    }
    return TensorSpec(left.replacing(left.rank - 1, with: right[-1]), a.dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.matmul(inputs[0], inputs[1], into: output)
  }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    let toSecond = inputs.origin(1) == nil ? nil : slope(toSecond: inputs, gradient)
    // The left one may be an activation that was made again: there is room for the next product without it.
    inputs.empty(0)
    return Slopes(inputs.origin(0) == nil ? nil : slope(toFirst: inputs, gradient), toSecond)
  }

  /// The gradient times the transpose of the second input, lying as the first does: nobody has to copy it into that
  /// order.
  private func slope(toFirst inputs: Operands, _ gradient: Tensor) -> Tensor {
    inputs.form(0).layout.isTransposed
      ? self(inputs[1], gradient.transposed()).transposed()
      : self(gradient, inputs[1].transposed())
  }

  /// The transpose of the first input times the gradient, lying as the second does.
  private func slope(toSecond inputs: Operands, _ gradient: Tensor) -> Tensor {
    inputs.form(1).layout.isTransposed
      ? self(gradient.transposed(), inputs[0]).transposed()
      : self(inputs[0].transposed(), gradient)
  }
}

extension Tensor {
  /// The matrix product, over the last two axes; the axes before are a batch and broadcast.
  ///
  /// - Shape: `[…, m, k]` and `[…, k, n]` → `[…, m, n]`; an operand of one axis is a row on the left and a column
  ///   on the right, and its axis is not in the result.
  /// - Numerics: accumulated in float32, in float64 for float64. Where ``Device/instructionSet`` is `amx`, products of
  ///   bfloat16 take subnormal numbers for zeros.
  /// - Errors: traps when the inner extents differ.
  public func matmul(_ other: Tensor) -> Tensor {
    autocasting(.low, self, other) { $0.matrixProduct(with: $1) }
  }

  private func matrixProduct(with other: Tensor) -> Tensor {
    guard rank > 0, other.rank > 0, shape[-1] == other.shape[other.rank == 1 ? 0 : other.rank - 2],
      let batch = shape.droppingLast(2).broadcast(with: other.shape.droppingLast(2))
    else {
      Context.current.fail(
        TensorError.shape("matmul", expected: "[…, m, k] and […, k, n]", got: shape, other.shape))
      return self
    }
    if rank == 2, other.rank == 2 { return product(with: other, batch: batch) }
    let a = rank == 1 ? reshaped([1, count] as Shape) : self
    let b = other.rank == 1 ? other.reshaped([other.count, 1] as Shape) : other
    var extents = Array(batch)
    if rank > 1 { extents.append(a.shape[-2]) }
    if other.rank > 1 { extents.append(b.shape[-1]) }
    return a.product(with: b, batch: batch).reshaped(Shape(extents))
  }

  /// Integers have no kernel of their own: exact products, summed in int64.
  private func integerProduct(with b: Tensor) -> Tensor {
    let products = expandedDimensions(axis: -1) * b.expandedDimensions(axis: -3)
    return products.sum(axis: -2).cast(to: dtype)
  }

  /// The product of two tensors of at least two axes.
  private func product(with b: Tensor, batch: Shape) -> Tensor {
    guard dtype.isFloatingPoint || dtype != b.dtype else { return integerProduct(with: b) }
    let multiply = MatrixMultiply()
    // One matrix on the right serves every row on the left at once.
    if b.rank == 2 {
      if rank == 2 { return multiply(self, b) }
      let rows = shape[0..<(rank - 1)].reduce(1, *)
      return multiply(reshaped([rows, shape[-1]] as Shape), b)
    }
    let (m, k, n) = (shape[-2], shape[-1], b.shape[-1])
    func batched(_ x: Tensor, _ rows: Int, _ columns: Int) -> Tensor {
      x.broadcast(to: Shape(Array(batch) + [rows, columns]))
        .reshaped([batch.count, rows, columns] as Shape)
    }
    return multiply(batched(self, m, k), batched(b, k, n))
  }
}
