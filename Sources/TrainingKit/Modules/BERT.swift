/// A model that sees each token between its neighbours on both sides: from tokens to scores of what
/// stands at each place, from which masked tokens are guessed.
///
///     let model = BERT(.init(vocabulary: 30_522, context: 512, features: 768, heads: 12, layers: 12))
///     let masking = TokenMasking(vocabulary: 30_522, maskToken: 103, special: [0, 101, 102])
///     let (inputs, labels) = masking(tokens)
///     let loss = maskedLanguageModelLoss(model(inputs, mask: tokens .!= 0), labels)
///
/// - Shape: whole numbers `[batch, length]` → `[batch, length, vocabulary]`, with a length of at
///   most `context`.
/// - Source: Devlin et al. 2019, arXiv:1810.04805, and the authors' code for the head.
public final class BERT: Module {
  /// The sizes of a model.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many tokens there are.
    public var vocabulary: Int
    /// How many kinds of segments there are.
    public var segments = 2
    /// The longest sequence.
    public var context: Int
    /// The width of a token.
    public var features: Int
    /// Heads of attention, which divide the features.
    public var heads: Int
    /// How many blocks there are.
    public var layers: Int
    /// The width of feed-forward layers; 4 times the features when nil.
    public var hidden: Int?
    /// The probability of dropping attention weights, embeddings, and what blocks add.
    public var dropout = 0.1
    /// What norms add to variances.
    public var epsilon = 1e-12
    /// How weights start.
    public var start = TransformerStart.bert

    /// Creates the authors' form in the given sizes.
    public init(vocabulary: Int, context: Int, features: Int, heads: Int, layers: Int) {
      (self.vocabulary, self.context) = (vocabulary, context)
      (self.features, self.heads, self.layers) = (features, heads, layers)
    }
  }

  /// `[vocabulary, features]`.
  public let tokenEmbedding: Embedding
  /// `[context, features]`.
  public let positionEmbedding: Embedding
  /// `[segments, features]`.
  public let segmentEmbedding: Embedding
  /// Of the sum of the embeddings.
  public let norm: LayerNorm
  private let dropout: Dropout
  /// What the tokens pass through.
  public let blocks: [EncoderBlock]
  /// Behind the blocks, before scores are computed; GELU follows.
  public let transform: Linear
  /// Behind the transform.
  public let transformNorm: LayerNorm
  /// From features to scores; its weight is that of the token embedding.
  public let decoder: Linear
  /// The sizes of the model.
  public let configuration: Configuration

  /// Creates a model with random weights.
  ///
  /// - Errors: traps when the heads do not divide the features.
  public init(_ configuration: Configuration) {
    let size = configuration
    self.configuration = size
    tokenEmbedding = Embedding(size.vocabulary, size.features)
    positionEmbedding = Embedding(size.context, size.features)
    segmentEmbedding = Embedding(size.segments, size.features)
    norm = LayerNorm(size.features, epsilon: size.epsilon)
    dropout = Dropout(size.dropout)
    blocks = (0..<max(0, size.layers)).map { _ in
      EncoderBlock(
        size.features, heads: size.heads, hidden: size.hidden, dropout: size.dropout,
        epsilon: size.epsilon)
    }
    transform = Linear(size.features, size.features)
    transformNorm = LayerNorm(size.features, epsilon: size.epsilon)
    decoder = Linear(weight: tokenEmbedding.weight, bias: Parameter(.zeros([size.vocabulary])))
    size.start.apply(to: self, layers: size.layers)
  }

  /// The scores of tokens that are all of the first segment.
  public func forward(_ tokens: Tensor) -> Tensor { scores(encode(tokens, nil, nil)) }

  /// The scores.
  ///
  /// - Parameters:
  ///   - segments: `[batch, length]`, the segment of each token; the first when nil.
  ///   - mask: `[batch, length]`, true at tokens that take part.
  public func callAsFunction(
    _ tokens: Tensor, segments: Tensor? = nil, mask: Tensor?
  ) -> Tensor {
    called { self.scores(self.encode(tokens, segments, mask)) }
  }

  /// The features of each token behind the blocks: `[batch, length, features]`, for other heads.
  public func encoded(_ tokens: Tensor, segments: Tensor? = nil, mask: Tensor? = nil) -> Tensor {
    called { self.encode(tokens, segments, mask) }
  }

  private func encode(_ tokens: Tensor, _ segments: Tensor?, _ mask: Tensor?) -> Tensor {
    checked { () throws(TensorError) in
      guard tokens.rank == 2, tokens.shape[1] <= configuration.context else {
        let expected = "[batch, length] with a length of at most \(configuration.context)"
        throw .shape("BERT", expected: expected, got: tokens.shape)
      }
      if let segments, segments.shape != tokens.shape {
        throw .shape("BERT", expected: "segments of \(tokens.shape)", got: segments.shape)
      }
      let places = positionEmbedding(Tensor.range(0, tokens.shape[1]))
      let parts = segmentEmbedding(segments ?? Tensor.zeros([1], dtype: .int64))
      let x = dropout(norm(tokenEmbedding(tokens) + places + parts))
      return blocks.reduce(x) { $1($0, mask: mask) }
    }
  }

  private func scores(_ x: Tensor) -> Tensor {
    decoder(transformNorm(transform(x).gelu(.exact)))
  }
}
