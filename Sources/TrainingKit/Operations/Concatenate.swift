/// Tensors laid end to end along an axis.
struct Concatenate: Operation {
  let axis: Int

  var name: String { "concatenate" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    guard let first = inputs.first else {
      throw .argument(name, expected: "at least one tensor", got: "none")
    }
    guard axis >= 0, axis < first.rank else { throw .axis(name, axis, of: first.shape) }
    for other in inputs.dropFirst() {
      let fits =
        other.rank == first.rank
        && other.shape.replacing(axis, with: first.shape[axis]) == first.shape
      guard fits else {
        throw .shape(
          name, expected: "shapes that differ in axis \(axis) only", got: first.shape, other.shape)
      }
    }
    let extent = inputs.reduce(0) { $0 + $1.shape[axis] }
    let dtype = inputs.reduce(first.dtype) { $0.promoted(with: $1.dtype) }
    return TensorSpec(first.shape.replacing(axis, with: extent), dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    var layout = output.layout
    for input in inputs where input.count > 0 {
      layout.shape = input.shape
      try backend.copy(
        input, into: Tensor(storage: output.storage, layout: layout, dtype: output.dtype))
      layout.offset += input.shape[axis] * layout.strides[axis]
    }
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    var start = 0
    return inputs.slopes { input in
      let count = input.shape[axis]
      defer { start += count }
      guard input.requiresGradient else { return nil }
      return gradient.slice(axis: axis, start: start, count: count).cast(to: input.dtype)
    }
  }
}

/// The tensors laid end to end along an axis.
///
///     concatenate([x, y], axis: -1)     // x: [2, 3], y: [2, 4] → [2, 7]
///
/// - Numerics: the dtype is the one that all of them promote to.
/// - Errors: traps when there are none, or shapes differ in another axis.
public func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  let rank = tensors.first?.rank ?? 0
  return Concatenate(axis: axis < 0 ? axis + rank : axis).apply(to: Operands(tensors))
}

/// The tensors laid one over another along a new axis.
///
///     stack([x, y])     // x, y: [3] → [2, 3]
///
/// - Errors: traps when there are none, or shapes differ.
public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  if let first = tensors.first, let other = tensors.first(where: { $0.shape != first.shape }) {
    Context.current.fail(
      TensorError.shape("stack", expected: "equal shapes", got: first.shape, other.shape))
    return first
  }
  let layers = tensors.map { $0.expandedDimensions(axis: axis) }
  // The new axis has the same number counted from either end, as all layers have it.
  return concatenate(layers, axis: axis)
}

extension Tensor {
  /// Views of the given sizes, one behind the other along an axis.
  ///
  ///     let parts = x.split(sizes: [1, 3], axis: 1)     // x: [2, 4] → [2, 1], [2, 3]
  ///
  /// - Errors: traps when the sizes do not add up to the axis.
  public func split(sizes: [Int], axis: Int = 0) -> [Tensor] {
    guard let axis = self.axis(axis, "split") else { return sizes.map { _ in self } }
    guard sizes.reduce(0, +) == shape[axis], sizes.allSatisfy({ $0 >= 0 }) else {
      Context.current.fail(
        TensorError.argument(
          "split", expected: "sizes that add up to \(shape[axis]), axis \(axis) of \(shape)",
          got: sizes))
      return sizes.map { _ in self }
    }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return slice(axis: axis, start: start, count: size)
    }
  }

  /// `count` views of equal size, one behind the other along an axis.
  ///
  ///     let (query, key, value) = …     // x.split(into: 3, axis: -1)
  ///
  /// - Errors: traps when the axis cannot be divided so.
  public func split(into count: Int, axis: Int = 0) -> [Tensor] {
    guard let axis = self.axis(axis, "split") else { return [self] }
    guard count > 0, shape[axis] % count == 0 else {
      Context.current.fail(
        TensorError.argument(
          "split", expected: "a count that divides \(shape[axis]), axis \(axis) of \(shape)",
          got: count))
      return [self]
    }
    return split(sizes: Array(repeating: shape[axis] / count, count: count), axis: axis)
  }

  /// Views of the given size along an axis; the last is smaller when the axis is not a multiple.
  ///
  /// - Errors: traps when the size is below 1.
  public func split(size: Int, axis: Int = 0) -> [Tensor] {
    guard let axis = self.axis(axis, "split") else { return [self] }
    guard size > 0 else {
      Context.current.fail(TensorError.argument("split", expected: "a size above 0", got: size))
      return [self]
    }
    let starts = stride(from: 0, to: Swift.max(1, shape[axis]), by: size)
    return split(sizes: starts.map { Swift.min(size, shape[axis] - $0) }, axis: axis)
  }

  /// The whole tensor laid end to end as often as given for each axis.
  ///
  ///     Tensor([1, 2]).repeated(2)         // [1, 2, 1, 2]
  ///     Tensor([1, 2]).repeated(2, 1)      // [[1, 2], [1, 2]]
  ///
  /// - Parameter times: the last counts for the last axis; more of them than axes make new axes in
  ///   front.
  /// - Errors: traps when there are fewer than axes, or one is negative.
  public func repeated(_ times: Int...) -> Tensor { repeated(times) }

  /// The whole tensor laid end to end as often as given for each axis.
  public func repeated(_ times: [Int]) -> Tensor {
    guard times.count >= rank, times.count <= Shape.maximumRank, times.allSatisfy({ $0 >= 0 })
    else {
      Context.current.fail(
        TensorError.argument(
          "repeated", expected: "a number of 0 or more for each axis of \(shape)", got: times))
      return self
    }
    let lead = Array(repeating: 1, count: times.count - rank)
    let start = reshaped(Shape(lead + Array(shape)))
    return times.indices.reduce(start) { $0.repeated(times[$1], axis: $1) }
  }

  private func repeated(_ times: Int, axis: Int) -> Tensor {
    guard times != 1 else { return self }
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[axis...].reduce(1, *)
    // Three axes are enough: what lies behind the axis is repeated with it as one block.
    return reshaped([outer, 1, inner] as Shape).broadcast(to: [outer, times, inner])
      .reshaped(shape.replacing(axis, with: shape[axis] * times))
  }
}
