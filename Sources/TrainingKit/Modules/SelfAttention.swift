/// Self-attention of several heads whose queries, keys and values are one projection.
///
/// - Shape: `[batch, length, features]` → the same.
public final class SelfAttention: Module {
  /// From `features` to `3 features`: queries, keys and values.
  public let qkv: Linear
  /// Of the queries of each head; nil when there is none.
  public let queryNorm: (any Module<Tensor, Tensor>)?
  /// Of the keys of each head; nil when there is none.
  public let keyNorm: (any Module<Tensor, Tensor>)?
  /// What the heads' results go through.
  public let projection: Linear
  private let heads: AttentionHeads
  private let features: Int
  private let rotaryBase: Double?

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - bias: whether the projections have biases.
  ///   - dropout: the probability with which an attention weight is dropped in training.
  ///   - isCausal: whether a token sees only those up to itself.
  ///   - queryKeyNorm: how queries and keys of each head are normalized, so that scores cannot grow
  ///     without limit (Henry et al. 2020, arXiv:2010.04245; Dehghani et al. 2023,
  ///     arXiv:2302.05442); not at all when nil.
  ///   - rotaryBase: the base of ``Tensor/rotaryEmbedding(base:start:)``, which then turns queries
  ///     and keys by their positions.
  /// - Errors: traps when the heads do not divide the features, or leave an odd number to turn.
  public init(
    _ features: Int, heads: Int, bias: Bool = true, dropout: Double = 0, isCausal: Bool = false,
    queryKeyNorm: NormKind? = nil, rotaryBase: Double? = nil
  ) {
    self.features = features
    self.rotaryBase = rotaryBase
    self.heads = AttentionHeads(heads, features: features, isCausal: isCausal, dropout: dropout)
    let width = features / max(1, heads)
    if rotaryBase != nil, width % 2 != 0 {
      Context.current.fail(
        TensorError.argument("attention", expected: "an even number of features a head", got: width)
      )
    }
    qkv = Linear(features, 3 * features, bias: bias)
    queryNorm = queryKeyNorm?.layer(width, bias: bias)
    keyNorm = queryKeyNorm?.layer(width, bias: bias)
    projection = Linear(features, features, bias: bias)
  }

  /// Every token sees every token, or with `isCausal` those up to itself.
  public func forward(_ x: Tensor) -> Tensor { attend(x, nil) }

  /// Self-attention in which some tokens are only padding.
  ///
  /// - Parameter mask: `[batch, length]`, true at tokens that take part.
  public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    called { self.attend(x, mask) }
  }

  private func attend(_ x: Tensor, _ mask: Tensor?) -> Tensor {
    guard x.isSequence(of: features, "SelfAttention") else { return .hollow(.scalar, x.dtype) }
    let parts = qkv(x).split(into: 3, axis: -1)
    return projection(
      heads(
        query: parts[0], key: parts[1], value: parts[2], mask: mask?.hidingPadding(),
        adaptingQuery: { adapted($0, queryNorm) }, key: { adapted($0, keyNorm) }))
  }

  /// Queries or keys of each head, normalized and turned.
  private func adapted(_ x: Tensor, _ norm: (any Module<Tensor, Tensor>)?) -> Tensor {
    let normalized = norm.map { $0(x) } ?? x
    return rotaryBase.map { normalized.rotaryEmbedding(base: $0) } ?? normalized
  }
}
