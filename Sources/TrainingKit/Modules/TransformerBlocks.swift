/// The part of a transformer that works on each token alone: contract(GELU(expand(x))).
///
/// - Shape: `[…, features]` → the same.
public final class FeedForward: Module {
  /// From `features` to `hidden`.
  public let expand: Linear
  /// From `hidden` back to `features`.
  public let contract: Linear
  private let approximation: GELUApproximation

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - hidden: the features in between; 4 times as many unless given.
  ///   - approximation: how GELU is computed.
  public init(
    _ features: Int, hidden: Int? = nil, bias: Bool = true,
    approximation: GELUApproximation = .exact
  ) {
    expand = Linear(features, hidden ?? 4 * features, bias: bias)
    contract = Linear(hidden ?? 4 * features, features, bias: bias)
    self.approximation = approximation
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { contract(expand(x).gelu(approximation)) }
}

/// A block of a GPT: causal attention, then a feed-forward layer, each of the normalized sum so far
/// and added to it.
///
/// - Shape: `[batch, length, features]` → the same.
/// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section
///   2.3.
public final class DecoderBlock: Module {
  /// Before the attention.
  public let norm1: LayerNorm
  /// Every token sees those up to itself.
  public let attention: SelfAttention
  /// Before the feed-forward layer.
  public let norm2: LayerNorm
  /// Four times as wide, with the GELU of GPT-2.
  public let feedForward: FeedForward
  private let dropout: Dropout

  /// Creates a block with random weights.
  ///
  /// - Parameter dropout: the probability of dropping attention weights, and elements of what is
  ///   added to the sum.
  /// - Errors: traps when the heads do not divide the features.
  public init(_ features: Int, heads: Int, dropout: Double = 0) {
    norm1 = LayerNorm(features)
    attention = SelfAttention(features, heads: heads, dropout: dropout, isCausal: true)
    norm2 = LayerNorm(features)
    feedForward = FeedForward(features, approximation: .tanh)
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
  /// Four times as wide, with exact GELU.
  public let feedForward: FeedForward
  /// After the feed-forward layer.
  public let norm2: LayerNorm
  private let dropout: Dropout

  /// Creates a block with random weights.
  ///
  /// - Parameters:
  ///   - dropout: the probability of dropping attention weights, and elements of what is added.
  ///   - epsilon: what is added to variances; BERT's is 1e-12.
  /// - Errors: traps when the heads do not divide the features.
  public init(_ features: Int, heads: Int, dropout: Double = 0, epsilon: Double = 1e-5) {
    attention = SelfAttention(features, heads: heads, dropout: dropout)
    norm1 = LayerNorm(features, epsilon: epsilon)
    feedForward = FeedForward(features)
    norm2 = LayerNorm(features, epsilon: epsilon)
    self.dropout = Dropout(dropout)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { encode(x, nil) }

  /// Computes the output of sequences that end in padding.
  ///
  /// - Parameter mask: `[batch, length]`, true at tokens that take part.
  public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    Context.current.entering(self) { encode(x, mask) }
  }

  private func encode(_ x: Tensor, _ mask: Tensor?) -> Tensor {
    let seen = norm1(x + dropout(attention(x, mask: mask)))
    return norm2(seen + dropout(feedForward(seen)))
  }
}
