internal import FoundationEssentials
internal import TrainingKit

/// A model whose training is planned, with its loss on a batch of a size.
struct PlannedModel {
  let make: () -> any Module<Tensor, Tensor>
  let loss: (any Module<Tensor, Tensor>, _ batchSize: Int) -> Tensor
  /// How many elements its tensors have at most, all layers together, on a batch of a size, and more where it is the
  /// multiplications that come near the end of 64 bits.
  let largest: (_ batchSize: Int) -> Double
  /// Whether there are blocks that may keep nothing for the backward pass.
  let hasBlocks: Bool

  static let names =
    gpts.map(\.name) + berts.map(\.name) + ["resnet50"]

  /// - Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
  private static let gpts: [(name: String, features: Int, heads: Int, layers: Int)] = [
    ("gpt2", 768, 12, 12), ("gpt2-medium", 1024, 16, 24), ("gpt2-large", 1280, 20, 36),
    ("gpt2-xl", 1600, 25, 48),
  ]

  /// - Source: Devlin et al. 2019, arXiv:1810.04805.
  private static let berts: [(name: String, features: Int, heads: Int, layers: Int)] = [
    ("bert-base", 768, 12, 12), ("bert-large", 1024, 16, 24),
  ]

  init(_ name: String, length: Int?) throws(UsageError) {
    if let size = Self.gpts.first(where: { $0.name == name }) {
      let sizes = GPT.Configuration(
        vocabulary: 50_257, context: 1024, features: size.features, heads: size.heads,
        layers: size.layers)
      self.init(gpt: sizes, length: length)
    } else if let size = Self.berts.first(where: { $0.name == name }) {
      let sizes = BERT.Configuration(
        vocabulary: 30_522, context: 512, features: size.features, heads: size.heads,
        layers: size.layers)
      self.init(bert: sizes, length: length)
    } else if name == "resnet50" {
      self.init(
        images: [3, 224, 224], classes: 1000, largest: { Double($0) * 1e9 }, hasBlocks: true
      ) { ResNet50() }
    } else {
      try self.init(file: name, length: length)
    }
  }

  private init(gpt sizes: GPT.Configuration, length: Int?) {
    let length = min(length ?? sizes.context, sizes.context)
    (make, hasBlocks) = ({ GPT(sizes) }, true)
    largest = Self.largest(
      length, sizes.features, sizes.heads, sizes.vocabulary, layers: sizes.layers)
    loss = { model, size in
      let tokens = Tensor.zeros([size, length], dtype: .int64)
      return causalLanguageModelLoss(model(tokens), tokens)
    }
  }

  private init(bert sizes: BERT.Configuration, length: Int?) {
    let length = min(length ?? sizes.context, sizes.context)
    (make, hasBlocks) = ({ BERT(sizes) }, true)
    largest = Self.largest(
      length, sizes.features, sizes.heads, sizes.vocabulary, layers: sizes.layers)
    loss = { model, size in
      let tokens = Tensor.zeros([size, length], dtype: .int64)
      return maskedLanguageModelLoss(model(tokens), tokens)
    }
  }

  private init(
    images shape: [Int], classes: Int, largest: @escaping (Int) -> Double, hasBlocks: Bool = false,
    _ make: @escaping () -> any Module<Tensor, Tensor>
  ) {
    (self.make, self.largest, self.hasBlocks) = (make, largest, hasBlocks)
    loss = { model, size in
      let labels = Tensor.zeros([size], dtype: .int64)
      return crossEntropy(model(Tensor.zeros(Shape([size] + shape))), labels)
    }
  }

  /// Scores of attention, logits, and weights; and what is multiplied with these.
  private static func largest(
    _ length: Int, _ features: Int, _ heads: Int, _ vocabulary: Int, layers: Int
  ) -> (Int) -> Double {
    let (length, features) = (Double(length), Double(features))
    let token = max(length * Double(heads), Double(vocabulary), 4 * features)
    let weights = features * max(12 * features, Double(vocabulary), length)
    return { size in
      let tokens = Double(size) * length
      return max(tokens * token, weights, tokens * weights / productsPerElement) * Double(layers)
    }
  }

  /// So many multiplications are as far from the end of 64 bits as an element.
  private static let productsPerElement = 128.0

  /// What a file says of a model.
  private struct Description: Decodable {
    var type: String
    var vocabulary, context, features, heads, layers: Int?
    var sizes: [Int]?
  }

  private init(file path: String, length: Int?) throws(UsageError) {
    let text: Data
    let description: Description
    do {
      text = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw UsageError(
        "--model: expected \(Self.names.joined(separator: ", ")) or a file, got \(path)")
    }
    do {
      description = try JSONDecoder().decode(Description.self, from: text)
    } catch {
      throw UsageError("\(path): expected a model in JSON, got \(Self.words(of: error))", .data)
    }
    try self.init(description, path, length: length)
  }

  private static func words(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "another kind of value for "
        + (context.codingPath.isEmpty
          ? "it" : context.codingPath.map(\.stringValue).joined(separator: "."))
    default: "text that is none"
    }
  }

  private init(_ model: Description, _ path: String, length: Int?) throws(UsageError) {
    func size(_ name: String, _ value: Int?) throws(UsageError) -> Int {
      guard let value, Values.sizes.contains(value) else {
        let range = value ?? 0 < 1 ? "1 or more" : "at most \(Values.sizes.upperBound)"
        throw UsageError(
          "\(path): expected \(name) of \(range), got \(value.map { "\($0)" } ?? "none")", .data)
      }
      return value
    }
    func isDivided(_ features: Int, _ heads: Int) throws(UsageError) {
      guard features % heads == 0 else {
        throw UsageError(
          "\(path): expected heads that divide \(features) features, got \(heads)", .data)
      }
    }
    switch model.type {
    case "gpt", "bert":
      let (features, heads) = (
        try size("features", model.features), try size("heads", model.heads)
      )
      try isDivided(features, heads)
      let (vocabulary, context, layers) = (
        try size("vocabulary", model.vocabulary), try size("context", model.context),
        try size("layers", model.layers)
      )
      if model.type == "gpt" {
        self.init(
          gpt: .init(
            vocabulary: vocabulary, context: context, features: features, heads: heads,
            layers: layers), length: length)
      } else {
        self.init(
          bert: .init(
            vocabulary: vocabulary, context: context, features: features, heads: heads,
            layers: layers), length: length)
      }
    case "mlp":
      var sizes: [Int] = []
      for value in model.sizes ?? [] { sizes.append(try size("sizes", value)) }
      guard sizes.count > 1 else { throw UsageError("\(path): expected two sizes or more", .data) }
      self.init(perceptron: sizes)
    default:
      throw UsageError("\(path): expected the type gpt, bert or mlp, got \(model.type)", .data)
    }
  }

  private init(perceptron sizes: [Int]) {
    let widest = Double(sizes.max()!)
    self.init(
      images: [sizes[0]], classes: sizes.last!,
      largest: { size in
        let products = Double(size) * widest * widest / Self.productsPerElement
        return Double(sizes.count) * max(Double(size) * widest, widest * widest, products)
      }
    ) {
      Sequential(
        zip(sizes, sizes.dropFirst()).enumerated().flatMap {
          index, size -> [any Module<Tensor, Tensor>] in
          let layer = Linear(size.0, size.1)
          return index == sizes.count - 2 ? [layer] : [layer, ReLU()]
        })
    }
  }
}
