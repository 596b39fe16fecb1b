import TrainingKit

/// A kind of network, with data of a teacher that it can learn.
enum Architecture: String, CaseIterable, Codable {
  case mlp, cnn, lstm, gpt, bert

  /// Thresholds may be looked at on these; the others are for the report.
  var isForFitting: Bool { self == .mlp || self == .lstm }

  var hasRectifiers: Bool { self == .mlp || self == .cnn }

  static let classes = 8
  static let length = 8
  /// The token that stands for one that is to be told.
  static let mask = 16

  /// A rate that AdamW learns well with.
  var rate: Double {
    switch self {
    case .mlp: 3e-3
    case .cnn: 3e-3
    case .lstm: 1e-2
    case .gpt, .bert: 3e-3
    }
  }

  /// A rate that SGD with momentum learns well with.
  var rateOfSGD: Double {
    switch self {
    case .mlp, .cnn: 0.05
    case .lstm: 0.3
    case .gpt, .bert: 0.1
    }
  }

  var batchSize: Int {
    switch self {
    case .mlp: 32
    case .cnn, .lstm: 16
    case .gpt, .bert: 8
    }
  }

  /// The layers of the network.
  func layers(_ activation: Activation = .relu) -> [any Module<Tensor, Tensor>] {
    let classes = Self.classes
    switch self {
    case .mlp:
      return [
        Linear(16, 48), activation.layer, Linear(48, 48), activation.layer, Linear(48, 48),
        activation.layer, Linear(48, classes),
      ]
    case .cnn:
      return [
        Conv2d(1, 6, kernelSize: 3, padding: 1), BatchNorm(6), activation.layer, MaxPool2d(2),
        Conv2d(6, 16, kernelSize: 3, padding: 1), BatchNorm(16), activation.layer,
        AdaptiveAvgPool2d(1), Flatten(), Linear(16, classes),
      ]
    case .lstm:
      return [
        LSTM(4, 16), FunctionLayer { $0[.all, -1] }, Linear(16, classes),
      ]
    case .gpt:
      let model = GPT(
        GPT.Configuration(vocabulary: 16, context: Self.length, features: 16, heads: 2, layers: 2))
      return [model, FunctionLayer { $0.reshaped([-1, 16]) }]
    case .bert:
      let model = BERT(
        BERT.Configuration(
          vocabulary: Self.mask + 1, context: Self.length, features: 16, heads: 2, layers: 2))
      return [model, FunctionLayer { $0.reshaped([-1, Self.mask + 1]) }]
    }
  }
}

/// What stands between linear maps.
enum Activation {
  case relu, tanh

  var layer: any Module<Tensor, Tensor> { self == .relu ? ReLU() : Tanh() }
}

/// A batch: inputs and the classes that the teacher gives them.
struct Item {
  var x, y: Tensor

  var batch: Batch { Batch(x: x, y: y, indices: Array(0..<x.shape[0])) }

  /// Its first examples.
  func prefix(_ count: Int) -> Item {
    let perExample = y.shape[0] / x.shape[0]
    return Item(x: x[..<count], y: y[..<(count * perExample)])
  }
}

/// Who makes batches of an architecture.
struct Teacher {
  private let architecture: Architecture
  private let generator: RandomGenerator
  private let noise: Double
  private let table: Tensor

  init(_ architecture: Architecture, seed: UInt64, noise: Double) {
    (self.architecture, self.noise) = (architecture, noise)
    generator = RandomGenerator(seed: seed &* 7_919 &+ 17)
    let classes = Architecture.classes
    table =
      switch architecture {
      case .mlp: generator.normal([16, classes])
      case .cnn: generator.normal([classes, 36])
      case .lstm: generator.normal([classes, Architecture.length * 4])
      case .gpt, .bert: (generator.normal([16, 16]) * 2.5)
      }
  }

  /// Batches.
  func items(_ count: Int) -> [Item] {
    (0..<count).map { _ in item() }
  }

  private func item() -> Item {
    let size = architecture.batchSize
    switch architecture {
    case .mlp:
      let x = generator.normal([size, 16])
      let scores = x.matmul(table) + noise * 2 * generator.normal([size, Architecture.classes])
      return Item(x: x, y: scores.argmax(axis: 1))
    case .cnn: return pattern([size, 1, 6, 6])
    case .lstm: return pattern([size, Architecture.length, 4])
    case .gpt: return chain(size)
    case .bert: return gaps(size)
    }
  }

  /// A pattern for each class, under noise.
  private func pattern(_ shape: Shape) -> Item {
    let y = generator.integers([shape[0]], in: 0..<Architecture.classes)
    let patterns = table.taking(y).reshaped(shape)
    return Item(x: patterns + 3 * noise * generator.normal(shape), y: y)
  }

  /// Such tokens, three of ten of which are hidden; all are to be told.
  private func gaps(_ size: Int) -> Item {
    let tokens = chain(size).x
    let isHidden = generator.bernoulli(tokens.shape, probability: 0.3).cast(to: .int64)
    return Item(
      x: tokens + isHidden * (Tensor(Architecture.mask) - tokens), y: tokens.flattened()
    )
  }

  /// Tokens, each of which is drawn by the one before it.
  private func chain(_ size: Int) -> Item {
    var tokens = [generator.integers([size], in: 0..<16)]
    for _ in 0..<Architecture.length {
      let uniform = generator.uniform([size, 16], in: 1e-6..<1)
      let gumbel = -((-uniform.log()).log())
      tokens.append((table.taking(tokens.last!) + 2 * noise * gumbel).argmax(axis: 1))
    }
    let all = stack(tokens, axis: 1)
    let length = Architecture.length
    return Item(
      x: all[.all, ..<length], y: all[.all, 1...].reshaped([size * length]))
  }
}
