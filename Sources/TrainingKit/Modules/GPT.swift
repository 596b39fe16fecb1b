/// A language model: from tokens to scores of what comes next at each of them.
///
///     let model = GPT(vocabulary: 256, context: 128, features: 192, heads: 6, layers: 6)
///     let logits = model(tokens)                                   // [batch, length, 256]
///     let loss = crossEntropy(logits.flattened(from: 0, through: 1), next.flattened())
///
/// - Shape: whole numbers `[batch, length]` → `[batch, length, vocabulary]`, with a length of at
///   most `context`.
/// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
public final class GPT: Module {
  /// `[vocabulary, features]`.
  public let tokenEmbedding: Embedding
  /// `[context, features]`, learned.
  public let positionEmbedding: Embedding
  private let dropout: Dropout
  /// What the tokens pass through.
  public let blocks: [DecoderBlock]
  /// After the blocks.
  public let norm: LayerNorm
  /// From features to scores, without a bias.
  public let head: Linear
  private let context: Int

  /// Creates a model with random weights.
  ///
  /// - Parameters:
  ///   - context: the longest sequence.
  ///   - dropout: the probability of dropping attention weights, embeddings, and what blocks add.
  /// - Errors: traps when the heads do not divide the features.
  public init(
    vocabulary: Int, context: Int, features: Int, heads: Int, layers: Int, dropout: Double = 0
  ) {
    self.context = context
    tokenEmbedding = Embedding(vocabulary, features)
    positionEmbedding = Embedding(context, features)
    self.dropout = Dropout(dropout)
    blocks = (0..<max(0, layers)).map { _ in
      DecoderBlock(features, heads: heads, dropout: dropout)
    }
    norm = LayerNorm(features)
    head = Linear(features, vocabulary, bias: false)
  }

  /// Computes the scores.
  public func forward(_ tokens: Tensor) -> Tensor {
    guard tokens.rank == 2, tokens.shape[1] <= context else {
      Context.current.fail(
        TensorError.shape(
          "GPT", expected: "[batch, length] with a length of at most \(context)", got: tokens.shape)
      )
      return .hollow(.scalar, .float32)
    }
    let positions = Tensor.range(0, tokens.shape[1])
    let x = dropout(tokenEmbedding(tokens) + positionEmbedding(positions))
    return head(norm(blocks.reduce(x) { $1($0) }))
  }
}
