/// Attention of several heads, each of which sees its share of the features; dropout while
/// training.
struct AttentionHeads {
  let count: Int
  let isCausal: Bool
  private let dropout: Double
  private let mode = Mode()

  init(_ count: Int, features: Int, isCausal: Bool, dropout: Double) {
    (self.count, self.isCausal, self.dropout) = (count, isCausal, dropout)
    if count < 1 || features % count != 0 {
      Context.current.fail(
        TensorError.argument(
          "attention", expected: "heads that divide \(features) features", got: count))
    }
    if !(0...1).contains(dropout) {
      Context.current.fail(
        TensorError.argument("attention", expected: "dropout in 0 … 1", got: dropout))
    }
  }

  /// `[batch, targets, features]` of `[batch, …, features]`.
  ///
  /// - Parameters:
  ///   - adaptQuery: what is done to queries of `[batch, heads, length, features / heads]` before
  ///     they meet the keys.
  ///   - adaptKey: what is done to the keys.
  func callAsFunction(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor?,
    adaptingQuery adaptQuery: (Tensor) -> Tensor = { $0 },
    key adaptKey: (Tensor) -> Tensor = { $0 }
  ) -> Tensor {
    let seen = scaledDotProductAttention(
      query: adaptQuery(split(query)), key: adaptKey(split(key)), value: split(value), mask: mask,
      isCausal: isCausal,
      dropout: mode.isTraining && dropout > 0 ? { $0.dropout(dropout) } : nil)
    return seen.transposed(-3, -2).reshaped(query.shape)
  }

  /// `[batch, length, features]` → `[batch, heads, length, features / heads]`.
  private func split(_ x: Tensor) -> Tensor {
    x.reshaped(Array(x.shape.dropLast()) + [count, x.shape[-1] / max(1, count)])
      .transposed(-3, -2)
  }
}

extension Tensor {
  /// Whether this is `[batch, length, features]`; reports the mistake when not.
  func isSequence(of features: Int, _ operation: String) -> Bool {
    if rank == 3, shape[2] == features { return true }
    if !isHollow {
      Context.current.fail(
        TensorError.shape(operation, expected: "[batch, length, \(features)]", got: shape))
    }
    return false
  }

  /// `[batch, length]`, true at tokens that take part, as a mask of scores `[batch, heads, targets,
  /// sources]`.
  func hidingPadding() -> Tensor {
    guard rank == 2 else {
      Context.current.fail(
        TensorError.shape("attention", expected: "a mask of [batch, length]", got: shape))
      return self
    }
    return reshaped([shape[0], 1, 1, shape[1]] as Shape)
  }
}
