/// Means of values, weighted by how well their keys fit each query.
///
///     let y = scaledDotProductAttention(query: q, key: k, value: v, isCausal: true)
///
/// - Shape: `[…, targets, features]`, `[…, sources, features]` and `[…, sources, outputs]` →
///   `[…, targets, outputs]`; the axes before are batch and heads, and broadcast.
/// - Parameters:
///   - mask: `[…, targets, sources]`: true where a source takes part, or numbers that are added to
///     the scores.
///   - isCausal: whether target i sees only sources up to i; together with a mask both hold.
///   - scale: what products of queries and keys are multiplied by; 1 / √features unless given.
///   - dropout: what is done to the weights before they meet the values, such as
///     `{ $0.dropout(0.1) }`.
/// - Numerics: a target that may see no source gives zeros. The weights are never in memory as a whole, and halves are
///   computed in float32, unless there is a dropout or a mask of numbers; where ``Device/instructionSet`` is `amx`,
///   products with bfloat16 round the weights, and what backward makes of them, to bfloat16.
/// - Gradient: exact in every order, also to the numbers of a mask.
/// - Errors: traps when extents do not fit or the mask is of integers.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
public func scaledDotProductAttention(
  query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
  scale: Double? = nil, dropout: ((_ weights: Tensor) -> Tensor)? = nil
) -> Tensor {
  checked(.low, query, key, value, mask) { (query, key, value, mask) throws(TensorError) in
    let heads = try checkAttention(query, key, value, mask)
    let scale = scale ?? 1 / Double(query.shape[-1]).squareRoot()
    let form = AttentionForm(isCausal: isCausal, scale: scale)
    if dropout == nil, mask?.dtype ?? .bool == .bool,
      Set([query.dtype, key.dtype, value.dtype]).count == 1
    {
      return form.fused(query, key, value, mask, heads)
    }
    let weights = form.weights(query, key, mask)
    let y = (dropout?(weights) ?? weights).matmul(value)
    FusedAttention(form: form, mask: mask).tell(y, of: [query, key, value], in: .current)
    return y
  }
}

/// The axes before the last two, or what does not fit.
private func checkAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?
) throws(TensorError) -> Shape {
  let name = "scaledDotProductAttention"
  try query.expectFloatingPoint(name)
  guard query.rank >= 2, key.rank >= 2, value.rank >= 2, query.shape[-1] == key.shape[-1],
    key.shape[-2] == value.shape[-2],
    let heads = Shape(query.shape.dropLast(2)).broadcast(with: Shape(key.shape.dropLast(2))),
    let leading = heads.broadcast(with: Shape(value.shape.dropLast(2)))
  else {
    throw .shape(
      name, expected: "[…, targets, features], […, sources, features] and […, sources, outputs]",
      got: query.shape, key.shape, value.shape)
  }
  guard let mask else { return leading }
  guard !mask.dtype.isInteger else {
    throw .dtype(name, expected: "a mask of bool or of real numbers", got: mask.dtype)
  }
  let grid: Shape = [query.shape[-2], key.shape[-2]]
  guard Shape(mask.shape.suffix(2)).broadcast(with: grid) == grid else {
    throw .shape(name, expected: "a mask of […, \(grid[0]), \(grid[1])]", got: mask.shape)
  }
  return leading
}

/// What attention is, beside its inputs.
struct AttentionForm {
  let isCausal: Bool
  let scale: Double

  /// The share of each source in each target, `[…, targets, sources]`; zeros where a target sees none.
  func weights(_ query: Tensor, _ key: Tensor, _ mask: Tensor?) -> Tensor {
    let scores = (query * scale).matmul(key.transposed())
    let order = isCausal ? causalBias(query.shape[-2], key.shape[-2], scores.dtype) : nil
    guard let bias = mask?.scoreBias(scores.dtype) else {
      return (order.map { scores + $0 } ?? scores).softmax()
    }
    let total = order.map { bias + $0 } ?? bias
    let isBlind = (total .== -Double.infinity).all(axes: [-1], keepDims: true)
    // A softmax over nothing is NaN: blind targets look at everything and their weights are dropped.
    let zero = Tensor.zeros([], dtype: scores.dtype)
    return which(isBlind, zero, (scores + which(isBlind, zero, total)).softmax())
  }

  /// Attention in which the weights are never in memory as a whole.
  func fused(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ heads: Shape
  ) -> Tensor {
    /// `[batch, heads, rows, columns]`, whatever axes there were before the last two.
    func inHeads(_ x: Tensor) -> Tensor {
      let (rows, columns) = (x.shape[-2], x.shape[-1])
      let full = x.broadcast(to: Shape(Array(heads) + [rows, columns]))
      if heads.rank == 2 { return full }
      return full.reshaped([1, heads.count, rows, columns] as Shape)
    }
    let grid: Shape = [query.shape[-2], key.shape[-2]]
    let mask = mask.map { mask in
      inHeads(mask.broadcast(to: Shape(mask.shape.dropLast(2) + Array(grid))))
    }
    let attention = FusedAttention(form: self, mask: mask)
    let y = attention(inHeads(query), inHeads(key), inHeads(value))
    return heads.rank == 2 ? y : y.reshaped(Array(heads) + [grid[0], value.shape[-1]])
  }
}

/// Attention of `[batch, heads, rows, columns]` by kernels that hold the weights of a few targets at a time: one node
/// of the graph, which keeps queries, keys and values.
struct FusedAttention: Differentiable {
  let form: AttentionForm
  let mask: Tensor?

  var name: String { "attention" }
  var saves: Saved { .inputs }

  func callAsFunction(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> Tensor {
    let context = Context.current
    let inputs = Operands(query, key, value).mapped(\.withContiguousRows)
    let output = context.results(
      [result(of: query, value.shape[-1])], of: Operands(inputs + masks), for: self
    ) { (results) throws(DeviceFault) in
      try context.backend.attention(heads(of: inputs), into: results[0])
    }
    return recorded(output[0].transposed(1, 2), of: inputs, in: context)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let context = Context.current
    if context.isRecording { return composed(gradient, inputs) }
    let gradient = gradient.withContiguousRows
    let specs = inputs.map { result(of: $0, $0.shape[-1]) }
    let results = context.results(specs, of: Operands(inputs + [gradient] + masks), for: self) {
      (results) throws(DeviceFault) in
      try context.backend.attentionBackward(heads(of: inputs), gradient: gradient, into: results)
    }
    return Slopes(results.map { $0.transposed(1, 2) })
  }

  /// The gradients in tensor operations, so that they have gradients.
  private func composed(_ gradient: Tensor, _ inputs: Operands) -> Slopes {
    let weights = form.weights(inputs[0], inputs[1], mask)
    let slope = gradient.matmul(inputs[2].transposed())
    let mean = (weights * slope).sum(axis: -1, keepDims: true)
    let scores = weights * (slope - mean) * form.scale
    return [
      scores.matmul(inputs[1]), scores.transposed().matmul(inputs[0]),
      weights.transposed().matmul(gradient),
    ]
  }

  private var masks: [Tensor] { [mask].compactMap(\.self) }

  private func heads(of inputs: Operands) -> AttentionProduct {
    AttentionProduct(
      query: inputs[0], key: inputs[1], value: inputs[2], mask: mask, isCausal: form.isCausal,
      scale: form.scale)
  }

  /// `[batch, rows, heads, columns]`, so that the heads of a token lie side by side.
  private func result(of x: Tensor, _ columns: Int) -> TensorSpec {
    TensorSpec([x.shape[0], x.shape[2], x.shape[1], columns], x.dtype)
  }
}

/// Minus infinity where a source comes after the target, 0 elsewhere.
private func causalBias(_ targets: Int, _ sources: Int, _ dtype: DType) -> Tensor {
  let target = Tensor.range(0, targets).reshaped([targets, 1] as Shape)
  return (Tensor.range(0, sources) .<= target).scoreBias(dtype)
}

extension Tensor {
  /// What a mask adds to scores.
  fileprivate func scoreBias(_ dtype: DType) -> Tensor {
    guard self.dtype == .bool else { return cast(to: dtype) }
    let hidden = Tensor(repeating: -Double.infinity, shape: .scalar, dtype: dtype)
    return which(self, Tensor.zeros([], dtype: dtype), hidden)
  }

  /// The same elements, with those of the last axis side by side.
  fileprivate var withContiguousRows: Tensor {
    shape[-1] <= 1 || layout.strides[rank - 1] == 1 ? self : contiguous()
  }
}
