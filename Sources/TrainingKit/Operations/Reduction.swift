internal import CTrainingKernels

/// A fold over some of the axes.
struct Reduce: Operation {
  let row: tk_reduction
  let axes: [Int]
  let keepDims: Bool

  static func name(of row: tk_reduction) -> String { names[Int(row.rawValue)] }
  private static let names = (0..<tk_reduction_count.rawValue).map {
    String(cString: tk_reduction_name(tk_reduction(rawValue: $0)))
  }
  var name: String { Self.name(of: row) }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let x = inputs.form(0)
    let shape = x.layout.shape
    if x.count == 0, !hasValueForNothing, reducedCount(shape) == 0 {
      throw .shape(name, expected: "at least one element to reduce", got: shape)
    }
    return TensorSpec(shape.reduced(axes, keepDims: keepDims), resultType(x.dtype))
  }

  private var hasValueForNothing: Bool {
    [tk_reduction_sum, tk_reduction_product, tk_reduction_any, tk_reduction_all].contains(row)
  }

  private func reducedCount(_ shape: Shape) -> Int { axes.reduce(1) { $0 * shape.lanes[$1] } }

  private func resultType(_ dtype: DType) -> DType {
    switch row {
    case tk_reduction_any, tk_reduction_all: .bool
    case tk_reduction_argmax, tk_reduction_argmin: .int64
    case tk_reduction_sum, tk_reduction_product: dtype.isFloatingPoint ? dtype : .int64
    default: dtype
    }
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.reduce(row, inputs[0], axes: axes, into: output)
  }

  var saves: Saved {
    switch row {
    case tk_reduction_sum: []
    case tk_reduction_maximum, tk_reduction_minimum: [.inputs, .output]
    default: .inputs
    }
  }

  var precision: PrecisionRule {
    row == tk_reduction_sum || row == tk_reduction_product ? .wide : .asGiven
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let x = inputs[0]
    let kept = x.shape.reduced(axes, keepDims: true)
    let spread = gradient.reshaped(kept).broadcast(to: x.shape)
    switch row {
    case tk_reduction_sum: return Slopes(spread)
    case tk_reduction_product:
      let others = x.cast(to: x.dtype.statistics).productOfOthers(axes)
      return [(spread.cast(to: others.dtype) * others).cast(to: x.dtype)]
    case tk_reduction_maximum, tk_reduction_minimum:
      let hits = (x.detached() .== output.detached().reshaped(kept)).cast(to: x.dtype)
      return [spread * (hits / hits.sum(axes: axes, keepDims: true))]
    default: return [nil]
    }
  }
}

extension Tensor {
  /// For every element, the product of the other elements along the axes.
  ///
  /// Products of what is before and of what is behind, so that zeros and NaN do not spoil the others' gradients.
  fileprivate func productOfOthers(_ axes: [Int]) -> Tensor {
    let order = (0..<rank).filter { !axes.contains($0) } + axes
    let terms = axes.reduce(1) { $0 * shape.lanes[$1] }
    let rows = permuted(order).reshaped([terms == 0 ? 0 : count / terms, terms] as Shape)
    let behind = rows.flipped(axes: [1]).productOfEarlier().flipped(axes: [1])
    let others = rows.productOfEarlier() * behind
    let inverse = order.indices.sorted { order[$0] < order[$1] }
    return others.reshaped(Shape(order.map { shape.lanes[$0] })).permuted(inverse)
  }

  /// For every element of a row, the product of those before it, in a logarithm of passes.
  private func productOfEarlier() -> Tensor {
    func shifted(_ x: Tensor, by places: Int) -> Tensor {
      let kept = Swift.max(0, shape[1] - places)
      return x.slice(axis: 1, start: 0, count: kept).padded(
        [(0, 0), (shape[1] - kept, 0)], value: 1)
    }
    var product = shifted(self, by: 1)
    var reach = 1
    while reach < shape[1] {
      product = product * shifted(product, by: reach)
      reach *= 2
    }
    return product
  }
}

extension Shape {
  func reduced(_ axes: [Int], keepDims: Bool) -> Shape {
    var (rank, extents) = (0, Lanes(repeating: 1))
    for axis in 0..<self.rank where keepDims || !axes.contains(axis) {
      extents[rank] = axes.contains(axis) ? 1 : lanes[axis]
      rank += 1
    }
    return Shape(rank: rank, lanes: extents)
  }
}

extension Tensor {
  /// The sum over the given axes; over all of them when nil. Integers are summed in int64.
  ///
  /// - Numerics: cascaded, in float32 for halves.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_sum, axes, keepDims)
  }
  /// The sum over an axis.
  public func sum(axis: Int, keepDims: Bool = false) -> Tensor {
    sum(axes: [axis], keepDims: keepDims)
  }

  /// The product over the given axes; over all of them when nil.
  ///
  /// - Gradient: exact in every order, also where elements are zero.
  public func product(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_product, axes, keepDims)
  }
  /// The product over an axis.
  public func product(axis: Int, keepDims: Bool = false) -> Tensor {
    product(axes: [axis], keepDims: keepDims)
  }

  /// The largest element over the given axes; over all of them when nil. NaN when one is there.
  ///
  /// - Gradient: split evenly among equal largest elements.
  public func max(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_maximum, axes, keepDims)
  }
  /// The largest element over an axis.
  public func max(axis: Int, keepDims: Bool = false) -> Tensor {
    max(axes: [axis], keepDims: keepDims)
  }

  /// The smallest element over the given axes; over all of them when nil. NaN when one is there.
  ///
  /// - Gradient: split evenly among equal smallest elements.
  public func min(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_minimum, axes, keepDims)
  }
  /// The smallest element over an axis.
  public func min(axis: Int, keepDims: Bool = false) -> Tensor {
    min(axes: [axis], keepDims: keepDims)
  }

  /// Where the first largest element is; of all elements in row-major order when the axis is nil. int64.
  public func argmax(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_argmax, axis.map { [$0] }, keepDims)
  }
  /// Where the first smallest element is; of all elements in row-major order when the axis is nil. int64.
  public func argmin(axis: Int? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_argmin, axis.map { [$0] }, keepDims)
  }

  /// Whether some element over the axes is other than zero; bool.
  public func any(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_any, axes, keepDims)
  }
  /// Whether every element over the axes is other than zero; bool.
  public func all(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    reduce(tk_reduction_all, axes, keepDims)
  }

  private func reduce(_ row: tk_reduction, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    guard let axes = self.axes(axes, Reduce.name(of: row)) else { return self }
    return Reduce(row: row, axes: axes, keepDims: keepDims)(self)
  }

  /// The axes in rising order, each once; all of them for nil. Nil after reporting an axis that is not there.
  package func axes(_ axes: [Int]?, _ operation: String) -> [Int]? {
    guard let axes else { return Array(0..<rank) }
    var result = Set<Int>()
    for axis in axes {
      guard let axis = self.axis(axis, operation) else { return nil }
      result.insert(axis)
    }
    return result.sorted()
  }
}
