/// A block of a GPT: causal attention, then a feed-forward layer, each of the normalized sum so far
/// and added to it.
///
/// - Shape: `[batch, length, features]` → the same.
/// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section
///   2.3.
public final class DecoderBlock: Module {
  /// Before the attention.
  public let norm1: any Module<Tensor, Tensor>
  /// Every token sees those up to itself.
  public let attention: SelfAttention
  /// Before the feed-forward layer.
  public let norm2: any Module<Tensor, Tensor>
  /// On each token alone.
  public let feedForward: FeedForward
  private let dropout: Dropout

  /// Creates a block with random weights: that of GPT-2 unless told otherwise.
  ///
  /// - Parameters:
  ///   - hidden: the width of the feed-forward layer, as in ``FeedForward``.
  ///   - dropout: the probability of dropping attention weights, and elements of what is added to
  ///     the sum.
  ///   - queryKeyNorm: how queries and keys are normalized, as in ``SelfAttention``.
  ///   - rotaryBase: the base of rotary positions, as in ``SelfAttention``.
  ///   - bias: whether maps and norms have biases.
  /// - Errors: traps when the heads do not divide the features.
  public init(
    _ features: Int, heads: Int, hidden: Int? = nil, dropout: Double = 0,
    norm: NormKind = .layerNorm(), activation: FeedForward.Activation = .geluTanh,
    queryKeyNorm: NormKind? = nil, rotaryBase: Double? = nil, bias: Bool = true
  ) {
    norm1 = norm.layer(features, bias: bias)
    attention = SelfAttention(
      features, heads: heads, bias: bias, dropout: dropout, isCausal: true,
      queryKeyNorm: queryKeyNorm, rotaryBase: rotaryBase)
    norm2 = norm.layer(features, bias: bias)
    feedForward = FeedForward(features, hidden: hidden, bias: bias, activation: activation)
    self.dropout = Dropout(dropout)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    let sum = x + dropout(attention(norm1(x)))
    return sum + dropout(feedForward(norm2(sum)))
  }
}

/// A block of a BERT: attention of every token to every token, then a feed-forward layer, each
/// added to its input and normalized.
///
/// - Shape: `[batch, length, features]` → the same.
/// - Source: Devlin et al. 2019, arXiv:1810.04805; Vaswani et al. 2017, arXiv:1706.03762, section
///   3.1.
public final class EncoderBlock: Module {
  /// Every token sees every token.
  public let attention: SelfAttention
  /// After the attention.
  public let norm1: LayerNorm
  /// On each token alone, with exact GELU.
  public let feedForward: FeedForward
  /// After the feed-forward layer.
  public let norm2: LayerNorm
  private let dropout: Dropout

  /// Creates a block with random weights.
  ///
  /// - Parameters:
  ///   - hidden: the width of the feed-forward layer; 4 times the features unless given.
  ///   - dropout: the probability of dropping attention weights, and elements of what is added.
  ///   - epsilon: what is added to variances; BERT's is 1e-12.
  /// - Errors: traps when the heads do not divide the features.
  public init(
    _ features: Int, heads: Int, hidden: Int? = nil, dropout: Double = 0, epsilon: Double = 1e-5
  ) {
    attention = SelfAttention(features, heads: heads, dropout: dropout)
    norm1 = LayerNorm(features, epsilon: epsilon)
    feedForward = FeedForward(features, hidden: hidden)
    norm2 = LayerNorm(features, epsilon: epsilon)
    self.dropout = Dropout(dropout)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { encode(x, nil) }

  /// Computes the output of sequences that end in padding.
  ///
  /// - Parameter mask: `[batch, length]`, true at tokens that take part.
  public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    called { self.encode(x, mask) }
  }

  private func encode(_ x: Tensor, _ mask: Tensor?) -> Tensor {
    let seen = norm1(x + dropout(attention(x, mask: mask)))
    return norm2(seen + dropout(feedForward(seen)))
  }
}
