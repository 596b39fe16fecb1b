internal import TrainingKit

extension Network {
  /// One row of logits for every label.
  static func logits(_ model: Network, _ input: Tensor) -> Tensor {
    let logits = model(input)
    return logits.reshaped([-1, logits.shape[-1]])
  }

  /// The loss of every example.
  static func exampleLosses(_ model: Network, _ part: Batch) -> Tensor {
    crossEntropy(logits(model, part.x), part.y.flattened(), reduction: .none)
  }

  /// How many labels have the largest logit.
  static func hits(_ logits: Tensor, _ labels: Tensor) -> Double {
    (logits.detached().argmax(axis: -1) .== labels).sum().item()
  }

  /// The share of labels that the network gets right. Batches are halved while memory is too small for them.
  func accuracy(on dataset: any Dataset, batchSize: Int = 256) throws -> Double {
    evaluate()
    defer { train() }
    do {
      return try validated { withoutGradients { share(of: dataset, batchSize) } }
    } catch is DeviceError where batchSize > 1 {
      return try accuracy(on: dataset, batchSize: batchSize / 2)
    }
  }

  private func share(of dataset: any Dataset, _ batchSize: Int) -> Double {
    var hits = 0.0
    var labels = 0
    for batch in DataLoader(dataset, batchSize: batchSize) {
      hits += Network.hits(Network.logits(self, batch.x), batch.y.flattened())
      labels += batch.y.count
    }
    return hits / Double(labels)
  }

  /// What a GPT writes, byte by byte from its own distribution.
  func text(of vocabulary: [UInt8], count: Int, context: Int, _ generator: RandomGenerator)
    -> String
  {
    evaluate()
    var tokens = [vocabulary.firstIndex(of: UInt8(ascii: "\n")) ?? 0]
    withoutGradients {
      while tokens.count <= count {
        let seen = Tensor(Array(tokens.suffix(context)))
        let logits = self(seen.expandedDimensions(axis: 0))[0, -1]
        // The largest logit after Gumbel noise is a draw from the softmax.
        let uniform = Tensor.randomUniform(logits.shape, generator: generator)
        let noise = -(-(uniform + 1e-20).log() + 1e-20).log()
        tokens.append(Int((logits + noise).argmax().item()))
      }
    }
    return String(decoding: tokens.dropFirst().map { vocabulary[$0] }, as: UTF8.self)
  }
}
