internal import CTrainingKernels

/// A row of the binary table, applied to pairs of elements after broadcasting and promotion.
struct Binary: Operation {
  let row: tk_binary

  init(_ row: tk_binary) { self.row = row }

  private var description: tk_binary_row { tk_binary_describe(row) }
  private static let names = (0..<tk_binary_count.rawValue).map {
    String(cString: tk_binary_describe(tk_binary(rawValue: $0)).name)
  }
  var name: String { Self.names[Int(row.rawValue)] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let (a, b) = (inputs.form(0), inputs.form(1))
    guard let shape = a.layout.shape.broadcast(with: b.layout.shape) else {
      throw .shape(name, expected: "shapes that broadcast", got: a.layout.shape, b.layout.shape)
    }
    return TensorSpec(shape, description.comparison ? .bool : arithmeticType(a, b))
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    let compute = arithmeticType(inputs.form(0), inputs.form(1)).compute
    try backend.binary(row, compute: compute, inputs[0], inputs[1], into: output)
  }

  private func arithmeticType(_ a: TensorForm, _ b: TensorForm) -> DType {
    let promoted = promotedType(a, b)
    return promoted.isFloatingPoint || description.any || description.comparison
      ? promoted : .float32
  }

  var saves: Saved {
    switch row {
    case tk_binary_add, tk_binary_sub: []
    case tk_binary_mul: .factors
    case tk_binary_div, tk_binary_pow: [.inputs, .output]
    default: .inputs
    }
  }

  var precision: PrecisionRule {
    switch row {
    case tk_binary_pow: .wide
    case tk_binary_atan2: .widest
    default: .asGiven
    }
  }

  var isElementwise: Bool { true }

  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes {
    if inputs.origin(1) == nil, row == tk_binary_add || row == tk_binary_sub {
      return Slopes(gradient.reduced(like: inputs.form(0)), nil)
    }
    let (a, b) = (inputs[0], inputs[1])
    guard b.requiresGradient else {
      return [slope(consume gradient, toFirst: a, b, output)?.reduced(like: a), nil]
    }
    let first =
      a.requiresGradient ? slope(copy gradient, toFirst: a, b, output)?.reduced(like: a) : nil
    return [first, slope(consume gradient, toSecond: b, a, output)?.reduced(like: b)]
  }

  /// The gradient times the derivative with respect to the first operand.
  private func slope(
    _ g: consuming Tensor, toFirst a: Tensor, _ b: Tensor, _ y: Tensor
  ) -> Tensor? {
    switch row {
    case tk_binary_add, tk_binary_sub, tk_binary_remainder: return g
    case tk_binary_mul: return g * b
    case tk_binary_div: return g / b
    case tk_binary_pow:
      // 0 where the exponent is 0, as the value does not depend on the base there.
      let zero = Tensor.zeros([], dtype: g.dtype)
      return which(b .== 0, zero, g * b * a.pow(b - 1))
    case tk_binary_maximum: return g * a.share(against: b, .<)
    case tk_binary_minimum: return g * a.share(against: b, .>)
    case tk_binary_atan2: return g * b * a.inverseSquaredDistance(b)
    default: return nil
    }
  }

  /// The gradient times the derivative with respect to the second operand.
  private func slope(
    _ g: consuming Tensor, toSecond b: Tensor, _ a: Tensor, _ y: Tensor
  ) -> Tensor? {
    switch row {
    case tk_binary_add: return g
    case tk_binary_sub: return -g
    case tk_binary_mul: return g * a
    case tk_binary_div: return -g * y / b
    case tk_binary_pow:
      let zero = Tensor.zeros([], dtype: g.dtype)
      return which((a .== 0) .& (b .>= 0), zero, g * y * a.log())
    case tk_binary_maximum: return g * b.share(against: a, .<)
    case tk_binary_minimum: return g * b.share(against: a, .>)
    case tk_binary_atan2: return -g * a * a.inverseSquaredDistance(b)
    case tk_binary_remainder: return -g * a.floorDivided(by: b)
    default: return nil
    }
  }
}

extension Tensor {
  /// 1 unless this element loses, one half where the two are equal; beside NaN nobody loses.
  fileprivate func share(
    against other: Tensor, _ loses: (Tensor, Tensor) -> Tensor
  ) -> Tensor {
    let (a, b) = (detached(), other.detached())
    return 1 - loses(a, b).cast(to: dtype) - (a .== b).cast(to: dtype) * 0.5
  }

  /// 1 / (a² + b²), and 0 at the origin.
  fileprivate func inverseSquaredDistance(_ b: Tensor) -> Tensor {
    let square = self * self + b * b
    let isZero = square.detached() .== 0
    let one = Tensor.ones([], dtype: square.dtype)
    return which(
      isZero, Tensor.zeros([], dtype: square.dtype), which(isZero, one, square).reciprocal())
  }

  /// This gradient of a broadcast result, summed over the axes that `input` was repeated along and in its dtype.
  package func reduced(like input: Tensor) -> Tensor { reduced(like: input.form) }

  /// The same for an input of this form.
  package func reduced(like input: TensorForm) -> Tensor {
    let (shape, target) = (form.layout.shape, input.layout.shape)
    if shape == target { return cast(to: input.dtype) }
    let lead = shape.rank - target.rank
    let axes = (0..<rank).filter { $0 < lead || (target[$0 - lead] == 1 && shape[$0] != 1) }
    let sum = Reduce(row: tk_reduction_sum, axes: axes, keepDims: true)
    let summed = axes.isEmpty ? self : sum(self).reshaped(target)
    return summed.cast(to: input.dtype)
  }
}

/// The dtype of a result: that of the operand of the higher class (bool, integer, real); among operands of one
/// class those with axes decide over single values.
func promotedType(_ a: Tensor, _ b: Tensor) -> DType { promotedType(a.form, b.form) }

/// The same for operands of these forms.
func promotedType(_ a: TensorForm, _ b: TensorForm) -> DType {
  if a.dtype == b.dtype { return a.dtype }
  let (isSingle, isOtherSingle) = (a.layout.shape.rank == 0, b.layout.shape.rank == 0)
  if a.dtype.category == b.dtype.category, isSingle != isOtherSingle {
    return isSingle ? b.dtype : a.dtype
  }
  if a.dtype.category != b.dtype.category {
    return a.dtype.category > b.dtype.category ? a.dtype : b.dtype
  }
  return a.dtype.promoted(with: b.dtype)
}
