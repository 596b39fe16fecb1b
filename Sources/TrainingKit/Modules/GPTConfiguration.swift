extension GPT {
  /// The sizes and the form of a model.
  ///
  ///     let small = GPT.Configuration(vocabulary: 50_257, context: 1_024, features: 768, heads: 12, layers: 12)
  ///     var modern = small
  ///     modern.positions = .rotary()
  ///     modern.norm = .rmsNorm()
  ///     modern.activation = .swiGLU
  ///     modern.queryKeyNorm = .rmsNorm()
  ///     modern.bias = false
  ///     let model = GPT(modern)
  ///
  /// Where nothing is said, it is GPT-2: learned positions, layer norms, GELU by tanh, biases, one
  /// table for tokens and scores, and small normal weights.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many tokens there are.
    public var vocabulary: Int
    /// The longest sequence.
    public var context: Int
    /// The width of a token.
    public var features: Int
    /// Heads of attention, which divide the features.
    public var heads: Int
    /// How many blocks there are.
    public var layers: Int
    /// The width of feed-forward layers; see ``FeedForward`` for nil.
    public var hidden: Int?
    /// The probability of dropping attention weights, embeddings, and what blocks add.
    public var dropout = 0.0
    /// How the model knows positions.
    public var positions = Positions.learned
    /// What normalizes before attention, before feed-forward layers and behind the blocks.
    public var norm = NormKind.layerNorm()
    /// What stands between the maps of feed-forward layers.
    public var activation = FeedForward.Activation.geluTanh
    /// How queries and keys of each head are normalized; not at all when nil.
    public var queryKeyNorm: NormKind?
    /// Whether maps and norms of the blocks, and the last norm, have biases.
    public var bias = true
    /// Whether the scores come from the table of the tokens: one parameter, whose gradient is the sum
    /// of both uses.
    public var tiesEmbeddings = true
    /// How weights start.
    public var start = TransformerStart.gpt2

    /// Creates the form of GPT-2 in the given sizes.
    public init(vocabulary: Int, context: Int, features: Int, heads: Int, layers: Int) {
      (self.vocabulary, self.context) = (vocabulary, context)
      (self.features, self.heads, self.layers) = (features, heads, layers)
    }
  }

  /// How a model knows where a token stands.
  public enum Positions: Sendable, Hashable, Codable {
    /// By a learned row for each place.
    case learned
    /// By ``Tensor/rotaryEmbedding(base:start:)`` of queries and keys.
    case rotary(base: Double = 10_000)
  }
}

/// How the weights of a transformer start.
public enum TransformerStart: Sendable, Hashable, Codable {
  /// As the layers do by themselves.
  case layers
  /// Weights are normal numbers of this standard deviation and biases 0. With `scalesResiduals`, what
  /// writes to the sum that goes through n blocks is divided by √(2 n), so that the sum does not grow
  /// with the depth.
  case normal(standardDeviation: Double, scalesResiduals: Bool)

  /// Standard deviation 0.02 and scaled residuals.
  ///
  /// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section
  ///   2.3.
  public static let gpt2 = normal(standardDeviation: 0.02, scalesResiduals: true)

  /// Standard deviation 0.02.
  ///
  /// - Source: Devlin et al. 2019, arXiv:1810.04805, and the authors' code.
  public static let bert = normal(standardDeviation: 0.02, scalesResiduals: false)

  private static let residuals: ParameterFilter =
    .path("**.projection.weight") || .path("**.contract.weight")

  /// Sets the parameters of a model of so many blocks.
  func apply(to model: some Module, layers: Int) {
    guard case .normal(let deviation, let scalesResiduals) = self else { return }
    let small = deviation / Double(2 * max(1, layers)).squareRoot()
    for named in model.parameters {
      let shape = named.parameter.value.shape
      if shape.rank > 1 {
        let isSmall = scalesResiduals && Self.residuals.contains(named)
        named.parameter.value = Initializer.normal(0, isSmall ? small : deviation)(shape)
      } else if named.path.hasSuffix("bias") || named.path.hasSuffix("Bias") {
        named.parameter.value = .zeros(shape)
      }
    }
  }
}
