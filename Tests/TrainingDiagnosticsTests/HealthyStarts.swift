import TrainingDiagnostics
import TrainingKit

/// Runs that nothing is wrong with before their first step.
enum HealthyStarts {
  static func all(seed: UInt64) -> [PreflightCase] {
    perceptrons(seed) + sequences(seed) + targets(seed) + variations(seed)
  }

  private static func classifier(
    _ name: String, _ seed: UInt64, precision: Precision = .full,
    optimizer: any Optimizer = AdamW(),
    inputs: Shape = [32, 16], _ make: @escaping () -> Sequential
  ) -> PreflightCase {
    PreflightCase(
      name, seed: seed, precision: precision, optimizer: optimizer,
      { (make(), { PreflightData.classes(inputs, 10) }) }, loss: { crossEntropy($0($1.x), $1.y) })
  }

  private static func perceptrons(_ seed: UInt64) -> [PreflightCase] {
    [
      classifier("MLP", seed) { PreflightNetwork.perceptron() },
      classifier("MLP, He, 4 layers", seed) { PreflightNetwork.perceptron(.heNormal(), depth: 4) },
      classifier("MLP, SGD", seed, optimizer: SGD(momentum: 0.9)) { PreflightNetwork.perceptron() },
      classifier("MLP, bfloat16", seed, precision: .mixed(.bfloat16)) {
        PreflightNetwork.perceptron()
      },
      classifier("MLP, float16", seed, precision: .mixed(.float16)) {
        PreflightNetwork.perceptron()
      },
      classifier("CNN with batch norm", seed, inputs: [32, 1, 8, 8]) {
        PreflightNetwork.convolutional()
      },
      classifier("CNN, float16", seed, precision: .mixed(.float16), inputs: [32, 1, 8, 8]) {
        PreflightNetwork.convolutional()
      },
      classifier("dropout", seed) {
        Sequential {
          Linear(16, 64)
          ReLU()
          Dropout(0.5)
          Linear(64, 64)
          Tanh()
          Dropout(0.5)
          Linear(64, 10)
        }
      },
      classifier("weights at a tenth", seed) {
        let model = Sequential {
          Linear(16, 32)
          Tanh()
          Linear(32, 10)
        }
        for named in model.parameters where named.parameter.value.rank == 2 {
          named.parameter.value = named.parameter.value.detached() * 0.1
        }
        return model
      },
      classifier("residual with zero starts", seed) {
        Sequential {
          Linear(16, 32)
          for _ in 0..<4 {
            Residual {
              LayerNorm(32)
              Linear(32, 32)
              GELU()
              Linear(32, 32, initializer: .zeros)
            }
          }
          Linear(32, 10)
        }
      },
    ]
  }

  private static func sequences(_ seed: UInt64) -> [PreflightCase] {
    let sizes = GPT.Configuration(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 3)
    func gpt(_ name: String, _ precision: Precision, _ make: @escaping () -> GPT) -> PreflightCase {
      PreflightCase(
        name, seed: seed, precision: precision,
        { (make(), { PreflightData.tokens([8, 16], 40) }) },
        loss: { causalLanguageModelLoss($0($1.x), $1.y) })
    }
    let masking = TokenMasking(vocabulary: 40, maskToken: 1, special: [0])
    return [
      classifier("LSTM", seed, inputs: [32, 12, 6]) {
        Sequential {
          LSTM(6, 24)
          FunctionLayer { $0[.all, -1] }
          Linear(24, 10)
        }
      },
      gpt("GPT, tied", .full) { GPT(sizes) },
      gpt("GPT, untied, dropout", .mixed(.bfloat16)) {
        GPT(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 2, dropout: 0.1)
      },
      PreflightCase(
        "BERT", seed: seed,
        {
          let model = BERT(.init(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 2))
          return (
            model,
            {
              let (inputs, labels) = masking(Tensor.randomIntegers([16, 16], in: 2..<40))
              return PreflightData.batch(inputs, labels)
            }
          )
        }, loss: { maskedLanguageModelLoss($0($1.x), $1.y) }),
    ]
  }

  private static func targets(_ seed: UInt64) -> [PreflightCase] {
    func regression() -> Batch {
      let x = Tensor.randomNormal([32, 16])
      return PreflightData.batch(x, x.sum(axis: 1, keepDims: true) * 0.3)
    }
    func answers() -> Batch {
      PreflightData.batch(
        .randomNormal([32, 16]), .randomIntegers([32, 1], in: 0..<2).cast(to: .float32))
    }
    return [
      PreflightCase(
        "regression", seed: seed, { (PreflightNetwork.perceptron(classes: 1), regression) },
        loss: { meanSquaredError($0($1.x), $1.y) }),
      PreflightCase(
        "robust regression", seed: seed, { (PreflightNetwork.perceptron(classes: 1), regression) },
        loss: { huberLoss($0($1.x), $1.y) }),
      PreflightCase(
        "binary", seed: seed, { (PreflightNetwork.perceptron(classes: 1), answers) },
        loss: { binaryCrossEntropyWithLogits($0($1.x), $1.y) }),
      PreflightCase(
        "binary, probabilities", seed: seed,
        { (Sequential(PreflightNetwork.perceptron(classes: 1).modules + [Sigmoid()]), answers) },
        loss: { binaryCrossEntropy($0($1.x), $1.y) }),
      PreflightCase(
        "likelihood", seed: seed,
        {
          (
            Sequential(PreflightNetwork.perceptron().modules + [FunctionLayer { $0.logSoftmax() }]),
            { PreflightData.classes([32, 16], 10) }
          )
        }, loss: { negativeLogLikelihood($0($1.x), $1.y) }),
    ]
  }

  private static func variations(_ seed: UInt64) -> [PreflightCase] {
    [
      PreflightCase(
        "imbalanced", seed: seed, batches: 4,
        {
          (
            PreflightNetwork.perceptron(classes: 2),
            {
              let rare = Tensor.randomUniform([64]) .< 0.08
              return PreflightData.batch(.randomNormal([64, 16]), rare.cast(to: .int64))
            }
          )
        }, loss: { crossEntropy($0($1.x), $1.y) }),
      PreflightCase(
        "frozen on purpose", seed: seed,
        {
          let model = PreflightNetwork.perceptron()
          for named in model.parameters.prefix(2) { named.parameter.isTrainable = false }
          return (model, { PreflightData.classes([32, 16], 10) })
        }, loss: { crossEntropy($0($1.x), $1.y) }),
      PreflightCase(
        "smoothed and weighted labels", seed: seed,
        { (PreflightNetwork.perceptron(), { PreflightData.classes([32, 16], 10) }) },
        loss: {
          crossEntropy($0($1.x), $1.y, weight: Tensor.ones([10]) * 2, labelSmoothing: 0.1)
        }),
      PreflightCase(
        "two classes of tokens", seed: seed,
        {
          let model = Sequential {
            Embedding(40, 16)
            FunctionLayer { $0.mean(axis: 1) }
            Linear(16, 2)
          }
          return (
            model,
            {
              PreflightData.batch(
                .randomIntegers([32, 12], in: 0..<40), .randomIntegers([32], in: 0..<2))
            }
          )
        }, loss: { crossEntropy($0($1.x), $1.y) }),
    ]
  }
}
