/// The same elements in the same order under another shape.
struct Reshape: Operation {
  let shape: Shape

  var name: String { "reshaped" }
  var saves: Saved { [] }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].remaking(as: dtype).map { make in { apply(to: [make()]) } }
  }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let form = inputs.form(0)
    guard form.count == shape.count else {
      throw .shape(name, expected: "a shape of \(form.count) elements", got: shape)
    }
    return TensorSpec(shape, form.dtype)
  }

  var isView: Bool { true }
  func view(of input: Layout, as spec: TensorSpec) -> Layout? { input.reshaped(to: shape) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let ordered = Tensor(
      storage: output.storage, layout: Layout(contiguous: inputs[0].shape),
      dtype: output.dtype)
    try backend.copy(inputs[0], into: ordered)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    Slopes(gradient.reshaped(inputs.form(0).layout.shape))
  }
}

/// The same elements with axes in another order.
struct Permute: Operation {
  let axes: [Int]

  var name: String { "permuted" }
  var saves: Saved { [] }

  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? {
    inputs[0].remaking(as: dtype).map { make in { apply(to: [make()]) } }
  }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let form = inputs.form(0)
    let rank = form.layout.shape.rank
    var seen = 0
    for axis in axes where axis >= 0 && axis < rank { seen |= 1 << axis }
    guard axes.count == rank, seen == 1 << rank - 1 else {
      throw .argument(name, expected: "every axis of \(form.layout.shape) once", got: axes)
    }
    return TensorSpec(form.layout.permuted(axes).shape, form.dtype)
  }

  var isView: Bool { true }
  func view(of input: Layout, as spec: TensorSpec) -> Layout? { input.permuted(axes) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) {}

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    var inverse = axes
    for (position, axis) in axes.enumerated() { inverse[axis] = position }
    return Slopes(Permute(axes: inverse)(gradient))
  }
}

/// The same elements repeated along new axes and along axes of one.
struct Broadcast: Operation {
  let shape: Shape

  var name: String { "broadcast" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let form = inputs.form(0)
    guard form.layout.shape.broadcast(with: shape) == shape else {
      throw .shape(
        name, expected: "a shape that broadcasts to \(shape)", got: form.layout.shape)
    }
    return TensorSpec(shape, form.dtype)
  }

  var isView: Bool { true }
  func view(of input: Layout, as spec: TensorSpec) -> Layout? { input.broadcast(to: shape) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) {}

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    Slopes(gradient.reduced(like: inputs.form(0)))
  }
}

extension Tensor {
  /// The same elements in row-major order under another shape; one extent may be −1, for what is left.
  ///
  /// - Errors: traps when the counts differ.
  public func reshaped(_ extents: [Int]) -> Tensor {
    guard let gap = extents.firstIndex(of: -1) else { return reshaped(Shape(extents)) }
    var extents = extents
    let known = extents.enumerated().reduce(1) { $1.offset == gap ? $0 : $0 * $1.element }
    extents[gap] = known == 0 ? 0 : count / known
    return reshaped(Shape(extents))
  }

  /// The same elements in row-major order under another shape.
  ///
  /// - Errors: traps when the counts differ.
  public func reshaped(_ shape: Shape) -> Tensor {
    shape == self.shape ? self : Reshape(shape: shape)(self)
  }

  /// The same elements in one axis.
  public func flattened() -> Tensor { reshaped([count] as Shape) }

  /// The axes from `first` to `last` made one.
  public func flattened(from first: Int, through last: Int = -1) -> Tensor {
    guard let first = axis(first, "flattened"), let last = axis(last, "flattened") else {
      return self
    }
    return reshaped(Array(shape[0..<first]) + [-1] + Array(shape[(last + 1)..<rank]))
  }

  /// The same elements with axes in the given order.
  ///
  ///     x.permuted(0, 2, 1)
  public func permuted(_ axes: Int...) -> Tensor { permuted(axes) }

  /// The same elements with axes in the given order.
  public func permuted(_ axes: [Int]) -> Tensor {
    Permute(axes: axes.map { $0 < 0 ? $0 + rank : $0 })(self)
  }

  /// The same elements with two axes exchanged, the last two unless given.
  public func transposed(_ first: Int = -2, _ second: Int = -1) -> Tensor {
    guard let first = axis(first, "transposed"), let second = axis(second, "transposed") else {
      return self
    }
    var axes = Array(0..<rank)
    axes.swapAt(first, second)
    return Permute(axes: axes)(self)
  }

  /// Repeats the elements along new leading axes and along axes of one, without copying.
  ///
  /// - Errors: traps when the shape does not broadcast.
  public func broadcast(to shape: Shape) -> Tensor {
    shape == self.shape ? self : Broadcast(shape: shape)(self)
  }

  /// Removes an axis of one; without an axis, all of them.
  public func squeezed(axis: Int? = nil) -> Tensor {
    guard let axis else { return reshaped(shape.filter { $0 != 1 }) }
    guard let position = self.axis(axis, "squeezed") else { return self }
    return shape.lanes[position] == 1 ? reshaped(shape.removing(position)) : self
  }

  /// Inserts an axis of one before the given axis; −1 is behind the last.
  public func expandedDimensions(axis: Int) -> Tensor {
    let position = axis < 0 ? axis + rank + 1 : axis
    guard position >= 0, position <= rank else {
      Context.current.fail(TensorError.axis("expandedDimensions", axis, of: shape))
      return self
    }
    return reshaped(shape.inserting(1, at: position))
  }

  /// The axis counted from the front; nil after reporting the mistake when there is no such axis.
  package func axis(_ axis: Int, _ operation: String) -> Int? {
    if let axis = shape.normalized(axis) { return axis }
    Context.current.fail(TensorError.axis(operation, axis, of: shape))
    return nil
  }
}
