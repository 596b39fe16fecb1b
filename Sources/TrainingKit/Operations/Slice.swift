/// Every step-th element of each axis, from a start on: a view.
struct Slice: Operation {
  let starts, steps: [Int]
  let shape: Shape

  var name: String { "slice" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let source = inputs[0].shape
    for axis in 0..<shape.rank where shape.lanes[axis] > 0 {
      let last = starts[axis] + steps[axis] * (shape.lanes[axis] - 1)
      let range = 0..<source.lanes[axis]
      guard range.contains(starts[axis]), range.contains(last) else {
        throw TensorError(
          .index, name, expected: "positions in \(range) along axis \(axis) of \(source)",
          got: "\(starts[axis]) to \(last)")
      }
    }
    return TensorSpec(shape, inputs[0].dtype)
  }

  var isView: Bool { true }
  func view(of input: Layout, as spec: TensorSpec) -> Layout? {
    var layout = input
    layout.shape = shape
    for axis in 0..<shape.rank {
      layout.offset += starts[axis] * input.strides[axis]
      layout.strides[axis] *= steps[axis]
    }
    if shape.count == 0 { layout.offset = input.offset }
    return layout
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) {}

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [Embed(starts: starts, steps: steps, shape: inputs[0].shape, value: 0)(gradient)]
  }
}

/// The input laid into a larger tensor of one value: what `Slice` would take out again.
struct Embed: Operation {
  let starts, steps: [Int]
  let shape: Shape
  let value: Double

  var name: String { "padded" }
  var saves: Saved { [] }

  func result(of inputs: Operands) -> TensorSpec { TensorSpec(shape, inputs[0].dtype) }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.fill(value, into: output)
    let slice = Slice(starts: starts, steps: steps, shape: inputs[0].shape)
    let spec = TensorSpec(inputs[0].shape, output.dtype)
    guard spec.shape.count > 0, let layout = slice.view(of: output.layout, as: spec) else { return }
    let place = Tensor(storage: output.storage, layout: layout, dtype: output.dtype)
    try backend.copy(inputs[0], into: place)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    [Slice(starts: starts, steps: steps, shape: inputs[0].shape)(gradient)]
  }
}

extension Tensor {
  /// `count` elements of an axis from `start` on.
  package func slice(axis: Int, start: Int, count: Int, step: Int = 1) -> Tensor {
    var starts = Array(repeating: 0, count: rank)
    var steps = Array(repeating: 1, count: rank)
    starts[axis] = start
    steps[axis] = step
    return Slice(starts: starts, steps: steps, shape: shape.replacing(axis, with: count))(self)
  }

  /// The elements of the given axes in reverse order.
  public func flipped(axes: [Int]) -> Tensor {
    axes.reduce(self) { result, axis in
      guard let axis = result.axis(axis, "flipped") else { return result }
      let count = result.shape.lanes[axis]
      return result.slice(axis: axis, start: Swift.max(0, count - 1), count: count, step: -1)
    }
  }

  /// The tensor with `value` around it.
  ///
  ///     x.padded([(0, 0), (1, 1)])     // one column on each side of a matrix
  ///
  /// - Parameter widths: for each axis, how much goes before and behind.
  public func padded(_ widths: [(before: Int, after: Int)], value: Double = 0) -> Tensor {
    guard widths.count == rank, widths.allSatisfy({ $0.before >= 0 && $0.after >= 0 }) else {
      Context.current.fail(
        TensorError.argument(
          "padded", expected: "two widths of 0 or more for each axis of \(shape)", got: widths))
      return self
    }
    let extents = zip(shape, widths).map { $0 + $1.before + $1.after }
    return Embed(
      starts: widths.map(\.before), steps: Array(repeating: 1, count: rank),
      shape: Shape(extents), value: value)(self)
  }
}
