internal import CTrainingKernels

/// A row of the binary table, applied to pairs of elements after broadcasting and promotion.
struct Binary: Operation {
  let row: tk_binary

  init(_ row: tk_binary) { self.row = row }

  private var description: tk_binary_row { tk_binary_describe(row) }
  var name: String { String(cString: description.name) }

  func result(of inputs: [Tensor]) throws(TensorError) -> TensorSpec {
    let (a, b) = (inputs[0], inputs[1])
    guard let shape = a.shape.broadcast(with: b.shape) else {
      throw .shape(name, expected: "shapes that broadcast", got: a.shape, b.shape)
    }
    return TensorSpec(shape, description.comparison ? .bool : arithmeticType(a, b))
  }

  func forward(_ inputs: [Tensor], into output: Tensor, on backend: any Backend) {
    let compute = arithmeticType(inputs[0], inputs[1]).compute
    backend.binary(row, compute: compute, inputs[0], inputs[1], into: output)
  }

  private func arithmeticType(_ a: Tensor, _ b: Tensor) -> DType {
    let promoted = promotedType(a, b)
    return promoted.isFloatingPoint || description.any || description.comparison
      ? promoted : .float32
  }

  var saves: Saved {
    switch row {
    case tk_binary_add, tk_binary_sub: []
    case tk_binary_mul: .otherInputs
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

  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
    let (a, b) = (inputs[0], inputs[1])
    let parts = partials(gradient, a, b, output)
    return [
      a.requiresGradient ? parts.0()?.reduced(like: a) : nil,
      b.requiresGradient ? parts.1()?.reduced(like: b) : nil,
    ]
  }

  /// The gradient times the two partial derivatives, each computed when asked for.
  private func partials(
    _ g: Tensor, _ a: Tensor, _ b: Tensor, _ y: Tensor
  ) -> (() -> Tensor?, () -> Tensor?) {
    switch row {
    case tk_binary_add: ({ g }, { g })
    case tk_binary_sub: ({ g }, { -g })
    case tk_binary_mul: ({ g * b }, { g * a })
    case tk_binary_div: ({ g / b }, { -g * y / b })
    case tk_binary_pow:
      // 0 where the exponent is 0, as the value does not depend on the base there.
      (
        { which(b .== 0, Tensor.zeros([], dtype: g.dtype), g * b * a.pow(b - 1)) },
        { which((a .== 0) .& (b .>= 0), Tensor.zeros([], dtype: g.dtype), g * y * a.log()) }
      )
    case tk_binary_maximum: ({ g * a.share(against: b, .<) }, { g * b.share(against: a, .<) })
    case tk_binary_minimum: ({ g * a.share(against: b, .>) }, { g * b.share(against: a, .>) })
    case tk_binary_atan2:
      ({ g * b * a.inverseSquaredDistance(b) }, { -g * a * a.inverseSquaredDistance(b) })
    case tk_binary_remainder: ({ g }, { -g * a.floorDivided(by: b) })
    default: ({ nil }, { nil })
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
  package func reduced(like input: Tensor) -> Tensor {
    let lead = rank - input.rank
    let axes = (0..<rank).filter { $0 < lead || (input.shape[$0 - lead] == 1 && shape[$0] != 1) }
    let summed = axes.isEmpty ? self : sum(axes: axes, keepDims: true).reshaped(input.shape)
    return summed.cast(to: input.dtype)
  }
}

/// The dtype of a result: that of the operand of the higher class (bool, integer, real); among operands of one
/// class those with axes decide over single values.
func promotedType(_ a: Tensor, _ b: Tensor) -> DType {
  if a.dtype == b.dtype { return a.dtype }
  if a.dtype.category == b.dtype.category, (a.rank == 0) != (b.rank == 0) {
    return a.rank == 0 ? b.dtype : a.dtype
  }
  if a.dtype.category != b.dtype.category {
    return a.dtype.category > b.dtype.category ? a.dtype : b.dtype
  }
  return a.dtype.promoted(with: b.dtype)
}
