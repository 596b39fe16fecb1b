/// Attention of several heads between learned projections, with the parameters of PyTorch's
/// `MultiheadAttention`.
///
///     let attention = MultiHeadAttention(512, heads: 8)
///     let y = attention(x)                                      // self-attention
///     let z = attention(query: x, key: memory, value: memory)   // cross-attention
///
/// - Shape: `[batch, length, features]` → the same.
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2.
public final class MultiHeadAttention: Module {
  /// `[3 features, features]`: of queries, keys and values, one below the other.
  public let inProjectionWeight: Parameter
  /// `[3 features]`, 0 at first; nil when there is none.
  public let inProjectionBias: Parameter?
  /// What the heads' results go through; its bias is 0 at first.
  public let outProjection: Linear
  private let heads: AttentionHeads
  private let features: Int

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - bias: whether the projections have biases.
  ///   - dropout: the probability with which an attention weight is dropped in training.
  ///   - isCausal: whether a token sees only those up to itself.
  /// - Errors: traps when the heads do not divide the features.
  public init(
    _ features: Int, heads: Int, bias: Bool = true, dropout: Double = 0, isCausal: Bool = false
  ) {
    self.features = features
    self.heads = AttentionHeads(heads, features: features, isCausal: isCausal, dropout: dropout)
    // PyTorch draws the projection behind the heads first.
    outProjection = Linear(features, features, bias: bias)
    outProjection.bias?.value = Tensor.zeros([features])
    inProjectionWeight = Parameter(Initializer.xavierUniform()([3 * features, features]))
    inProjectionBias = bias ? Parameter(.zeros([3 * features])) : nil
  }

  /// Self-attention.
  public func forward(_ x: Tensor) -> Tensor { attend(x, x, x, nil) }

  /// Attention from a sequence to itself or to another.
  ///
  /// - Parameter mask: `[targets, sources]`, or with axes before for batch and heads: true where a
  ///   source takes part (PyTorch's layer wants the opposite), or numbers that are added to the
  ///   scores.
  public func callAsFunction(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil
  ) -> Tensor {
    called { self.attend(query, key, value, mask) }
  }

  private func attend(_ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?) -> Tensor {
    for x in [query, key, value] where !x.isSequence(of: features, "MultiHeadAttention") {
      return .hollow(.scalar, query.dtype)
    }
    let weights = inProjectionWeight.value.split(into: 3)
    let biases = inProjectionBias?.value.split(into: 3)
    func projected(_ x: Tensor, _ part: Int) -> Tensor {
      x.linear(weights[part], bias: biases?[part])
    }
    return outProjection(
      heads(
        query: projected(query, 0), key: projected(key, 1), value: projected(value, 2), mask: mask))
  }
}
