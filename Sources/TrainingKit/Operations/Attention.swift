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
/// - Numerics: a target that may see no source gives zeros.
/// - Gradient: exact in every order, also to the numbers of a mask.
/// - Errors: traps when extents do not fit or the mask is of integers.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
public func scaledDotProductAttention(
  query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
  scale: Double? = nil, dropout: (_ weights: Tensor) -> Tensor = { $0 }
) -> Tensor {
  checked(.low, query, key, value, mask) { (query, key, value, mask) throws(TensorError) in
    try checkAttention(query, key, value, mask)
    let scale = scale ?? 1 / Double(query.shape[-1]).squareRoot()
    let scores = (query * scale).matmul(key.transposed())  // […, targets, sources]
    func attend(_ bias: Tensor?) -> Tensor {
      dropout((bias.map { scores + $0 } ?? scores).softmax()).matmul(value)
    }
    let order = isCausal ? causalBias(query.shape[-2], key.shape[-2], scores.dtype) : nil
    guard let bias = mask?.scoreBias(scores.dtype) else { return attend(order) }
    let total = order.map { bias + $0 } ?? bias
    let isBlind = (total .== -Double.infinity).all(axes: [-1], keepDims: true)
    // A softmax over nothing is NaN: blind targets look at everything and their result is dropped.
    let zero = Tensor.zeros([], dtype: scores.dtype)
    return which(isBlind, zero, attend(which(isBlind, zero, total)))
  }
}

private func checkAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?
) throws(TensorError) {
  let name = "scaledDotProductAttention"
  try query.expectFloatingPoint(name)
  guard query.rank >= 2, key.rank >= 2, value.rank >= 2, query.shape[-1] == key.shape[-1],
    key.shape[-2] == value.shape[-2],
    let heads = Shape(query.shape.dropLast(2)).broadcast(with: Shape(key.shape.dropLast(2))),
    heads.broadcast(with: Shape(value.shape.dropLast(2))) != nil
  else {
    throw .shape(
      name, expected: "[…, targets, features], […, sources, features] and […, sources, outputs]",
      got: query.shape, key.shape, value.shape)
  }
  guard let mask else { return }
  guard !mask.dtype.isInteger else {
    throw .dtype(name, expected: "a mask of bool or of real numbers", got: mask.dtype)
  }
  let grid: Shape = [query.shape[-2], key.shape[-2]]
  guard Shape(mask.shape.suffix(2)).broadcast(with: grid) == grid else {
    throw .shape(name, expected: "a mask of […, \(grid[0]), \(grid[1])]", got: mask.shape)
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
}
