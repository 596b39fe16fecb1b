/// A language model: from tokens to scores of what comes next at each of them.
///
///     let model = GPT(vocabulary: 256, context: 128, features: 192, heads: 6, layers: 6)
///     let logits = model(tokens)                                   // [batch, length, 256]
///     let loss = causalLanguageModelLoss(logits, tokens, zLoss: 1e-4)
///     let text = model.generate(prompt, count: 100, temperature: 0.8)
///
/// - Shape: whole numbers `[batch, length]` → `[batch, length, vocabulary]`, with a length of at
///   most `context`.
/// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
public final class GPT: Module {
  /// `[vocabulary, features]`.
  public let tokenEmbedding: Embedding
  /// `[context, features]`; nil unless positions are learned.
  public let positionEmbedding: Embedding?
  private let dropout: Dropout
  /// What the tokens pass through.
  public let blocks: [DecoderBlock]
  /// After the blocks.
  public let norm: any Module<Tensor, Tensor>
  /// From features to scores, without a bias.
  public let head: Linear
  /// The sizes and the form of the model.
  public let configuration: Configuration

  /// Creates a model with random weights.
  ///
  /// - Errors: traps when the heads do not divide the features.
  public init(_ configuration: Configuration) {
    let size = configuration
    self.configuration = size
    tokenEmbedding = Embedding(size.vocabulary, size.features)
    positionEmbedding =
      size.positions == .learned ? Embedding(size.context, size.features) : nil
    dropout = Dropout(size.dropout)
    blocks = (0..<max(0, size.layers)).map { _ in size.block() }
    norm = size.norm.layer(size.features, bias: size.bias)
    head =
      size.tiesEmbeddings
      ? Linear(weight: tokenEmbedding.weight)
      : Linear(size.features, size.vocabulary, bias: false)
    size.start.apply(to: self, layers: size.layers)
  }

  /// Creates a model in the form of GPT-2 whose scores have a weight of their own, and whose weights
  /// start as those of the layers do.
  ///
  /// - Parameters:
  ///   - context: the longest sequence.
  ///   - dropout: the probability of dropping attention weights, embeddings, and what blocks add.
  /// - Errors: traps when the heads do not divide the features.
  public convenience init(
    vocabulary: Int, context: Int, features: Int, heads: Int, layers: Int, dropout: Double = 0
  ) {
    var configuration = Configuration(
      vocabulary: vocabulary, context: context, features: features, heads: heads, layers: layers)
    configuration.dropout = dropout
    configuration.tiesEmbeddings = false
    configuration.start = .layers
    self.init(configuration)
  }

  /// Computes the scores.
  public func forward(_ tokens: Tensor) -> Tensor { head(encoded(tokens)) }

  /// `[batch, length]` → `[batch, length, features]`, from which the scores are computed.
  func encoded(_ tokens: Tensor) -> Tensor {
    guard tokens.rank == 2, tokens.shape[1] <= configuration.context else {
      let expected = "[batch, length] with a length of at most \(configuration.context)"
      Context.current.fail(TensorError.shape("GPT", expected: expected, got: tokens.shape))
      return .hollow([1, 1, configuration.features], .float32)
    }
    let x = tokenEmbedding(tokens)
    let placed = positionEmbedding.map { x + $0(Tensor.range(0, tokens.shape[1])) } ?? x
    return norm(blocks.reduce(dropout(placed)) { $1($0) })
  }
}

extension GPT.Configuration {
  fileprivate func block() -> DecoderBlock {
    var rotaryBase: Double?
    if case .rotary(let base) = positions { rotaryBase = base }
    return DecoderBlock(
      features, heads: heads, hidden: hidden, dropout: dropout, norm: norm, activation: activation,
      queryKeyNorm: queryKeyNorm, rotaryBase: rotaryBase, bias: bias)
  }
}
