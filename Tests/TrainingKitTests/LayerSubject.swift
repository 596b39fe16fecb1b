import TestSupport
import TrainingKit

/// A layer that a fixture speaks of, and how its named inputs become outputs.
struct LayerSubject {
  let module: any Module
  let call: ([String: Tensor]) -> [Tensor]

  /// A layer of one input and one output.
  init(_ module: any Module<Tensor, Tensor>) {
    self.module = module
    call = { [module($0["x"]!)] }
  }

  /// A recurrent layer with its states, and with lengths as a mask.
  init<Cell: RecurrentCell>(recurrent layer: Recurrent<Cell>) {
    module = layer
    call = { inputs in
      let x = inputs["x"]!
      let mask = inputs["lengths"].map {
        Tensor.range(0, x.shape[1]) .< $0.expandedDimensions(axis: 1)
      }
      let (outputs, state) = layer(x, state: Self.state(Cell.self, inputs), mask: mask)
      return [outputs] + Cell.tensors(of: state)
    }
  }

  init(cell: some RecurrentCell) {
    module = cell
    call = { Self.step(cell, $0) }
  }

  init(_ gpt: GPT, zLoss: Double) {
    module = gpt
    call = { inputs in
      let logits = gpt(inputs["tokens"]!)
      return [logits, causalLanguageModelLoss(logits, inputs["labels"]!, zLoss: zLoss)]
    }
  }

  init(_ bert: BERT) {
    module = bert
    call = { inputs in
      let logits = bert(inputs["tokens"]!, segments: inputs["segments"], mask: inputs["mask"])
      return [logits, maskedLanguageModelLoss(logits, inputs["labels"]!)]
    }
  }

  private static func state<Cell: RecurrentCell>(
    _ type: Cell.Type, _ inputs: [String: Tensor]
  ) -> Cell.State? {
    let tensors = [inputs["hidden"], inputs["cell"]].compactMap(\.self)
    return tensors.isEmpty ? nil : Cell.state(of: tensors)
  }

  private static func step<Cell: RecurrentCell>(
    _ cell: Cell, _ inputs: [String: Tensor]
  ) -> [Tensor] {
    Cell.tensors(of: cell(inputs["x"]!, state: state(Cell.self, inputs)))
  }
}

extension LayerSubject {
  /// The layer of a case with the weights that it has by itself; nil when there is no such layer.
  static func make(_ parity: ParityCase) -> LayerSubject? {
    plain(parity) ?? recurrent(parity) ?? model(parity)
  }

  private static func plain(_ parity: ParityCase) -> LayerSubject? {
    func isOn(_ name: String) -> Bool { parity.attributes[name]?.flag ?? false }
    switch parity.name {
    case "Linear": return LayerSubject(Linear(3, 2))
    case "Conv1d": return LayerSubject(Conv1d(3, 4, kernelSize: 3, stride: 2, padding: 1))
    case "Conv2d":
      return LayerSubject(Conv2d(4, 6, kernelSize: [3, 2], dilation: [2, 1], groups: 2))
    case "ConvTranspose1d":
      return LayerSubject(
        ConvTranspose1d(
          4, 6, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2))
    case "ConvTranspose2d":
      return LayerSubject(ConvTranspose2d(2, 3, kernelSize: [2, 3], stride: 2))
    case "Embedding": return LayerSubject(Embedding(5, 3))
    case "LayerNorm": return LayerSubject(LayerNorm([3, 4] as Shape))
    case "RMSNorm": return LayerSubject(RMSNorm(5, epsilon: 1e-6))
    case "GroupNorm": return LayerSubject(GroupNorm(groups: 2, 6))
    case "BatchNorm": return LayerSubject(BatchNorm(2))
    case "InstanceNorm":
      return LayerSubject(
        InstanceNorm(3, affine: isOn("affine"), tracksStatistics: isOn("tracks")))
    case "MultiHeadAttention": return LayerSubject(MultiHeadAttention(4, heads: 2))
    case "PReLU": return LayerSubject(PReLU(3))
    case "MaxPool1d": return LayerSubject(MaxPool1d(3, stride: 2, padding: 1))
    case "AvgPool1d": return LayerSubject(AvgPool1d(3, stride: 2, padding: 1))
    case "AdaptiveAvgPool1d": return LayerSubject(AdaptiveAvgPool1d(3))
    case "AdaptiveMaxPool1d": return LayerSubject(AdaptiveMaxPool1d(3))
    case "AdaptiveMaxPool2d": return LayerSubject(AdaptiveMaxPool2d([3, 2]))
    default: return nil
    }
  }

  private static func recurrent(_ parity: ParityCase) -> LayerSubject? {
    let attributes = parity.attributes
    let layers = attributes["layers"]?.int ?? 1
    let isBidirectional = attributes["isBidirectional"]?.flag ?? false
    let bias = attributes["bias"]?.flag ?? true
    switch parity.name {
    case "LSTM":
      return LayerSubject(
        recurrent: LSTM(3, 4, layers: layers, isBidirectional: isBidirectional, bias: bias))
    case "GRU":
      return LayerSubject(
        recurrent: GRU(3, 4, layers: layers, isBidirectional: isBidirectional, bias: bias))
    case "RNN":
      let activation: RNNCell.Activation =
        attributes["activation"]!.text == "relu" ? .relu : .tanh
      return LayerSubject(
        recurrent: RNN(
          3, 4, activation: activation, layers: layers, isBidirectional: isBidirectional,
          bias: bias))
    case "LSTMCell": return LayerSubject(cell: LSTMCell(3, 4))
    case "GRUCell": return LayerSubject(cell: GRUCell(3, 4))
    case "RNNCell": return LayerSubject(cell: RNNCell(3, 4))
    default: return nil
    }
  }

  private static func model(_ parity: ParityCase) -> LayerSubject? {
    let attributes = parity.attributes
    func size(_ name: String) -> Int { attributes[name]!.int }
    switch parity.name {
    case "GPT":
      let zLoss = attributes["zLoss"]?.number ?? 0
      guard attributes["isDefault"] == nil else {
        return LayerSubject(
          GPT(
            vocabulary: size("vocabulary"), context: size("context"), features: size("features"),
            heads: size("heads"), layers: size("layers")), zLoss: zLoss)
      }
      return LayerSubject(GPT(configuration(attributes)), zLoss: zLoss)
    case "BERT":
      var sizes = BERT.Configuration(
        vocabulary: size("vocabulary"), context: size("context"), features: size("features"),
        heads: size("heads"), layers: size("layers"))
      sizes.hidden = size("hidden")
      sizes.dropout = 0
      return LayerSubject(BERT(sizes))
    default: return nil
    }
  }

  private static func configuration(
    _ attributes: [String: FixtureAttribute]
  ) -> GPT.Configuration {
    func size(_ name: String) -> Int { attributes[name]!.int }
    func norm(_ name: String) -> NormKind? {
      attributes[name].map { $0.text == "rmsNorm" ? .rmsNorm() : .layerNorm() }
    }
    var result = GPT.Configuration(
      vocabulary: size("vocabulary"), context: size("context"), features: size("features"),
      heads: size("heads"), layers: size("layers"))
    let activations: [String: FeedForward.Activation] = [
      "geluTanh": .geluTanh, "relu": .relu, "swiGLU": .swiGLU,
    ]
    result.norm = norm("norm")!
    result.queryKeyNorm = norm("queryKeyNorm")
    result.activation = activations[attributes["activation"]!.text]!
    result.hidden = attributes["hidden"]?.int
    result.bias = attributes["bias"]!.flag
    result.tiesEmbeddings = attributes["tied"]!.flag
    if let base = attributes["rotaryBase"] { result.positions = .rotary(base: base.number) }
    return result
  }
}
