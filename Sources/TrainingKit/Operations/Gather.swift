/// Elements of the first input picked along an axis by indices, the second input.
struct Gather: Operation {
  let axis: Int
  /// The second input again: kept here, so that the first need not be kept for the gradient.
  let index: Tensor
  let pattern: IndexPattern
  /// Whether the indices are known to be right, because another operation was given them.
  var isChecked = false

  var name: String { pattern == .elements ? "gather" : "taking" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    if !isChecked {
      try index.checkRange(0..<inputs[0].shape[axis], axis: axis, of: inputs[0].shape, name)
    }
    return TensorSpec(pattern.shape(of: index, along: axis, in: inputs[0].shape), inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let places = pattern.view(of: index, along: axis, in: output.shape)
    try backend.gather(inputs[0], axis: axis, places, into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let extent = inputs[0].shape[axis]
    return [
      gradient.scattered(axis: axis, index: index, pattern, extent: extent, isChecked: true), nil,
    ]
  }
}

/// Zeros to which the elements of the first input are added along an axis, at indices, the second
/// input.
struct ScatterAdd: Operation {
  let axis: Int
  let index: Tensor
  let pattern: IndexPattern
  /// The extent of the axis in the result.
  let extent: Int
  var isChecked = false

  var name: String { "scatterAdd" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let shape = inputs[0].shape.replacing(axis, with: extent)
    if !isChecked { try index.checkRange(0..<extent, axis: axis, of: shape, name) }
    return TensorSpec(shape, inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.fill(0, into: output)
    guard index.count > 0 else { return }
    let places = pattern.view(of: index, along: axis, in: inputs[0].shape)
    try backend.scatterAdd(inputs[0], axis: axis, places, into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let gather = Gather(axis: axis, index: index, pattern: pattern, isChecked: true)
    return [gather(gradient.contiguous(), index), nil]
  }
}

/// How indices lie over the tensor that they pick from.
enum IndexPattern: Sendable {
  /// One index for each element of the result.
  case elements
  /// One index for each place along the axis: whole rows are picked.
  case rows

  /// The shape of what `index` picks from a tensor of the given shape.
  func shape(of index: Tensor, along axis: Int, in shape: Shape) -> Shape {
    self == .elements ? index.shape : shape.replacing(axis, with: index.count)
  }

  /// The indices as the kernels see them; `shape` is that of what is picked.
  func view(of index: Tensor, along axis: Int, in shape: Shape) -> IndexView {
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let count = shape[axis]
    return IndexView(
      index, outer: outer, count: count, inner: inner,
      outerStride: self == .elements ? count * inner : 0,
      axisStride: self == .elements ? inner : 1, innerStride: self == .elements ? 1 : 0)
  }
}

extension Tensor {
  /// Elements picked along an axis, one for each index.
  ///
  ///     scores.gather(labels.expandedDimensions(axis: 1), axis: 1)     // [batch, classes] →
  ///     [batch, 1]
  ///
  /// - Shape: that of `index`, which has as many axes and is nowhere longer except along `axis`.
  /// - Numerics: an index is a whole number from 0 on.
  /// - Gradient: of an element that is picked more than once, the sum.
  /// - Errors: traps when an index is outside of the axis.
  public func gather(_ index: Tensor, axis: Int) -> Tensor {
    guard let axis = self.axis(axis, "gather"), let index = index.asIndex("gather"),
      let source = fitted(to: index.shape, except: axis, "gather")
    else { return self }
    return Gather(axis: axis, index: index, pattern: .elements)(source.contiguous(), index)
  }

  /// The tensor with elements of `source` added at places along an axis, one for each index.
  ///
  /// - Shape: `index` has as many axes as both, and is nowhere longer than `source`, or than this
  ///   tensor except along `axis`.
  /// - Numerics: added in rising order, in float32 for halves.
  /// - Errors: traps when an index is outside of the axis.
  public func scatterAdd(axis: Int, index: Tensor, source: Tensor) -> Tensor {
    autocasting(.widest, self, source) { $0.adding($1, axis: axis, at: index) }
  }

  private func adding(_ source: Tensor, axis: Int, at index: Tensor) -> Tensor {
    guard let axis = self.axis(axis, "scatterAdd"), let index = index.asIndex("scatterAdd"),
      let part = source.fitted(to: index.shape, except: nil, "scatterAdd"),
      fitted(to: index.shape, except: axis, "scatterAdd") != nil
    else { return self }
    let extent = shape[axis]
    let sums = part.cast(to: dtype).scattered(axis: axis, index: index, .elements, extent: extent)
    let widths = zip(shape, sums.shape).map { (before: 0, after: $0 - $1) }
    return self + (sums.shape == shape ? sums : sums.padded(widths))
  }

  /// Whole rows picked along an axis.
  ///
  ///     x.taking(Tensor([2, 0]), axis: 1)     // x: [5, 3] → [5, 2]
  ///
  /// - Shape: the axis is replaced by the axes of `index`, which may have any shape.
  /// - Gradient: of a row that is picked more than once, the sum.
  /// - Errors: traps when an index is outside of the axis.
  public func taking(_ index: Tensor, axis: Int = 0) -> Tensor {
    guard let axis = self.axis(axis, "taking"), let index = index.asIndex("taking") else {
      return self
    }
    let list = index.flattened()
    let rows = Gather(axis: axis, index: list, pattern: .rows)(contiguous(), list)
    return rows.reshaped(Array(shape[..<axis]) + Array(index.shape) + Array(shape[(axis + 1)...]))
  }

  /// The rows of this table for the given tokens.
  ///
  /// - Shape: a table of `[tokens, features]` and an index of `[…]` → `[…, features]`.
  /// - Gradient: none to the row `paddingIndex`.
  /// - Errors: traps when an index is outside of the table.
  public func embedding(_ index: Tensor, paddingIndex: Int? = nil) -> Tensor {
    guard rank == 2 else {
      Context.current.fail(
        TensorError.shape("embedding", expected: "a table of [tokens, features]", got: shape))
      return self
    }
    let rows = taking(index, axis: 0)
    guard let paddingIndex, rows.requiresGradient else { return rows }
    return which((index .== paddingIndex).expandedDimensions(axis: -1), rows.detached(), rows)
  }

  /// 1 at the place that every index names along a new last axis, 0 elsewhere.
  ///
  ///     Tensor([2, 0]).oneHot(classes: 3)     // [[0, 0, 1], [1, 0, 0]]
  ///
  /// - Errors: traps when an index is not in `0 ..< classes`.
  public func oneHot(classes: Int, dtype: DType = .int64) -> Tensor {
    checked { () throws(TensorError) in
      guard classes >= 0 else {
        throw .argument("oneHot", expected: "a number of classes of 0 or more", got: classes)
      }
      guard let index = asIndex("oneHot") else { return self }
      let choices = Tensor.range(0, classes)
      try index.checkRange(0..<classes, axis: 0, of: choices.shape, "oneHot")
      return (index.expandedDimensions(axis: -1) .== choices).cast(to: dtype)
    }
  }
}

extension Tensor {
  /// Zeros of the given extent along the axis, with the elements of this tensor added at the
  /// indices.
  fileprivate func scattered(
    axis: Int, index: Tensor, _ pattern: IndexPattern, extent: Int, isChecked: Bool = false
  ) -> Tensor {
    let isHalf = dtype == .float16 || dtype == .bfloat16
    let terms = (isHalf ? cast(to: .float32) : self).contiguous()
    let scatter = ScatterAdd(
      axis: axis, index: index, pattern: pattern, extent: extent, isChecked: isChecked)
    return scatter(terms, index).cast(to: dtype)
  }

  /// Contiguous int64 indices; nil after reporting a dtype that cannot be one.
  private func asIndex(_ operation: String) -> Tensor? {
    if dtype.isInteger { return cast(to: .int64).contiguous() }
    Context.current.fail(
      TensorError.dtype(operation, expected: "an index of an integer dtype", got: dtype))
    return nil
  }

  /// The first elements of each axis but one, as many as `index` has; nil after reporting that
  /// there are fewer.
  private func fitted(to index: Shape, except axis: Int?, _ operation: String) -> Tensor? {
    let fits =
      rank == index.rank
      && (0..<rank).allSatisfy { $0 == axis || index[$0] <= shape[$0] }
    guard fits else {
      Context.current.fail(
        TensorError.shape(
          operation,
          expected: "an index of at most \(shape)"
            + (axis.map { " in every axis but \($0)" } ?? ""), got: index))
      return nil
    }
    return (0..<rank).reduce(self) { result, position in
      position == axis || index[position] == shape[position]
        ? result : result.slice(axis: position, start: 0, count: index[position])
    }
  }

  /// Throws when an index is not in the range that an axis has.
  fileprivate func checkRange(
    _ range: Range<Int>, axis: Int, of shape: Shape, _ operation: String
  ) throws(TensorError) {
    guard !isHollow, count > 0, !isElsewhere else { return }
    let place = Context.current.place
    try checkIndices(
      IndexRule(limit: range.upperBound) { stray in
        let error = TensorError(
          .index, operation, expected: "indices in \(range) for axis \(axis) of \(shape)",
          got: "\(stray)")
        return place?.located(error) ?? error
      }, operation)
  }
}

extension Tensor {
  /// Throws when an index breaks a rule; a device that computes aside finds that later.
  func checkIndices(_ rule: IndexRule, _ operation: String) throws(TensorError) {
    let list = detached().contiguous()
    guard !list.isHollow, list.count > 0, !list.isElsewhere else { return }
    var mistake: TensorError?
    Context.current.run(operation) { (backend) throws(DeviceFault) in
      mistake = try backend.check(list, rule)
    }
    if let mistake { throw mistake }
  }
}
