/// A layer as tests go through it.
package struct LayerSample: Sendable {
  package let name: String
  /// The shape of an input.
  package let shape: Shape
  /// How many tokens there are, when the input is of tokens.
  package let tokens: Int?
  package let make: @Sendable () -> any Module<Tensor, Tensor>
}

/// Every layer, a line each.
package enum LayerCatalog {
  package static let all: [LayerSample] =
    affine + normalizing + sequences + recurrent + models + activations + reshaping

  private static let affine = [
    layer("Linear", [2, 3]) { Linear(3, 2) },
    layer("Linear without bias", [3]) { Linear(3, 2, bias: false, initializer: .heNormal()) },
    layer("Conv1d", [2, 3, 5]) { Conv1d(3, 2, kernelSize: 3, padding: 1) },
    layer("Conv2d", [2, 2, 4, 3]) { Conv2d(2, 4, kernelSize: 2, stride: [2, 1], groups: 2) },
    layer("ConvTranspose2d", [1, 2, 2, 3]) { ConvTranspose2d(2, 3, kernelSize: 2, stride: 2) },
    layer("ConvTranspose1d", [1, 2, 3]) { ConvTranspose1d(2, 3, kernelSize: 2, stride: 2) },
    layer("Embedding", [2, 3], tokens: 5) { Embedding(5, 2, paddingIndex: 1) },
    layer("PReLU", [2, 3, 2]) { PReLU(3) },
  ]

  private static let normalizing = [
    layer("LayerNorm", [2, 3, 4]) { LayerNorm([3, 4] as Shape) },
    layer("RMSNorm", [3, 4]) { RMSNorm(4) },
    layer("GroupNorm", [2, 4, 3]) { GroupNorm(groups: 2, 4) },
    layer("InstanceNorm", [2, 3, 4]) { InstanceNorm(3, affine: true) },
    layer("InstanceNorm with averages", [2, 3, 2, 2]) { InstanceNorm(3, tracksStatistics: true) },
    layer("BatchNorm", [4, 3, 2]) { BatchNorm(3) },
    layer("BatchNorm of all batches", [5, 2]) { BatchNorm(2, momentum: nil, affine: false) },
  ]

  private static let sequences = [
    layer("MultiHeadAttention", [2, 3, 4]) { MultiHeadAttention(4, heads: 2) },
    layer("SelfAttention", [1, 3, 4]) { SelfAttention(4, heads: 1, isCausal: true) },
    layer("FeedForward", [2, 3]) { FeedForward(3, hidden: 5) },
    layer("DecoderBlock", [1, 3, 4]) { DecoderBlock(4, heads: 2, dropout: 0.2) },
    layer("EncoderBlock", [2, 2, 4]) { EncoderBlock(4, heads: 2, dropout: 0.2) },
    layer("SelfAttention, rotary", [1, 3, 4]) {
      SelfAttention(4, heads: 2, queryKeyNorm: .layerNorm(), rotaryBase: 100)
    },
    layer("FeedForward, gated", [2, 3]) { FeedForward(3, activation: .swiGLU) },
  ]

  private static let recurrent = [
    cell("RNNCell") { RNNCell(3, 2) },
    cell("LSTMCell") { LSTMCell(3, 2) },
    cell("GRUCell") { GRUCell(3, 2, bias: false) },
    layer("Recurrent", [2, 3, 2]) { Recurrent(2, layers: 2) { RNNCell($0, 3, activation: .tanh) } },
    layer("LSTM", [2, 3, 2]) { LSTM(2, 3, layers: 2, isBidirectional: true, dropout: 0.2) },
    layer("GRU", [2, 3, 2]) { GRU(2, 3, layers: 2) },
    layer("RNN", [1, 3, 2]) { RNN(2, 3, activation: .relu, isBidirectional: true, bias: false) },
  ]

  private static let models = [
    layer("GPT", [2, 3], tokens: 5) {
      GPT(vocabulary: 5, context: 4, features: 4, heads: 2, layers: 2)
    },
    layer("GPT with rotary positions", [2, 3], tokens: 5) { GPT(modern) },
    layer("BERT", [2, 3], tokens: 5) {
      BERT(.init(vocabulary: 5, context: 4, features: 4, heads: 2, layers: 1))
    },
  ]

  private static let modern: GPT.Configuration = {
    var configuration = GPT.Configuration(
      vocabulary: 5, context: 4, features: 4, heads: 2, layers: 2)
    configuration.positions = .rotary()
    configuration.norm = .rmsNorm()
    configuration.activation = .swiGLU
    configuration.queryKeyNorm = .rmsNorm()
    configuration.bias = false
    return configuration
  }()

  private static let activations = [
    layer("ReLU", [7]) { ReLU() }, layer("ReLU6", [7]) { ReLU6() },
    layer("LeakyReLU", [7]) { LeakyReLU(0.2) }, layer("ELU", [7]) { ELU(alpha: 0.5) },
    layer("CELU", [7]) { CELU(alpha: 2) }, layer("SELU", [7]) { SELU() },
    layer("GELU", [7]) { GELU() }, layer("GELU by tanh", [7]) { GELU(.tanh) },
    layer("SiLU", [7]) { SiLU() }, layer("Mish", [7]) { Mish() },
    layer("Softplus", [7]) { Softplus(beta: 2) }, layer("Softsign", [7]) { Softsign() },
    layer("Sigmoid", [7]) { Sigmoid() }, layer("LogSigmoid", [7]) { LogSigmoid() },
    layer("Tanh", [7]) { Tanh() }, layer("Hardswish", [7]) { Hardswish() },
    layer("Hardsigmoid", [7]) { Hardsigmoid() }, layer("Hardtanh", [7]) { Hardtanh() },
    layer("Threshold", [7]) { Threshold(0.5, value: -1) },
    layer("Softshrink", [7]) { Softshrink(lambda: 0.3) }, layer("Hardshrink", [7]) { Hardshrink() },
    layer("Tanhshrink", [7]) { Tanhshrink() }, layer("RReLU", [7]) { RReLU() },
    layer("GLU", [2, 4]) { GLU() }, layer("GLU by SiLU", [4, 3]) { GLU(.swiGLU, axis: 0) },
    layer("Softmax", [2, 3]) { Softmax() }, layer("LogSoftmax", [2, 3]) { LogSoftmax(axis: 0) },
    layer("Softmin", [2, 3]) { Softmin() },
    layer("FunctionLayer", [2, 2]) { FunctionLayer { $0.sin() } },
  ]

  private static let reshaping = [
    layer("Flatten", [2, 3, 2]) { Flatten() }, layer("Dropout", [4, 3]) { Dropout(0.3) },
    layer("MaxPool1d", [1, 2, 5]) { MaxPool1d(2, stride: 1) },
    layer("AvgPool1d", [1, 2, 5]) { AvgPool1d(3, padding: 1) },
    layer("AdaptiveAvgPool1d", [1, 2, 5]) { AdaptiveAvgPool1d(2) },
    layer("AdaptiveMaxPool1d", [1, 2, 5]) { AdaptiveMaxPool1d(3) },
    layer("AdaptiveMaxPool2d", [1, 2, 5, 4]) { AdaptiveMaxPool2d([2, 3]) },
    layer("MaxPool2d", [1, 2, 4, 4]) { MaxPool2d(2) },
    layer("AvgPool2d", [1, 2, 4, 5]) { AvgPool2d(2, stride: 1, padding: 1) },
    layer("AdaptiveAvgPool2d", [2, 2, 3, 4]) { AdaptiveAvgPool2d([2, 1]) },
    layer("Residual", [2, 3]) {
      Residual {
        Linear(3, 4); Tanh(); Linear(4, 3)
      }
    },
    layer("Sequential", [2, 3]) {
      Sequential {
        Linear(3, 2); BatchNorm(2); Sigmoid()
      }
    },
  ]

  private static func cell<Cell: RecurrentCell & SendableMetatype>(
    _ name: String, _ make: @escaping @Sendable () -> Cell
  ) -> LayerSample {
    layer(name, [2, 3]) { make() }
  }

  private static func layer(
    _ name: String, _ shape: Shape, tokens: Int? = nil,
    _ make: @escaping @Sendable () -> any Module<Tensor, Tensor>
  ) -> LayerSample {
    LayerSample(name: name, shape: shape, tokens: tokens, make: make)
  }
}
