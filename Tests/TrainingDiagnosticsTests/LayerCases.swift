import TrainingDiagnostics
import TrainingKit

extension LayerCase {
  /// Models with nothing wrong in them: chains of layers.
  static var chains: [LayerCase] {
    [
      LayerCase("ReLU", rate: 1e-2) { (LayerWard.perceptron { ReLU() }, LayerWard.classes()) },
      LayerCase("ReLU, SGD", optimizer: SGD(momentum: 0.9), rate: 0.05) {
        (LayerWard.perceptron { ReLU() }, LayerWard.classes())
      },
      LayerCase("tanh, Xavier") {
        (
          LayerWard.perceptron(depth: 5, initializer: .xavierNormal()) { Tanh() },
          LayerWard.classes()
        )
      },
      LayerCase("ReLU, 10 layers, He") {
        (LayerWard.perceptron(depth: 10, initializer: .heNormal()) { ReLU() }, LayerWard.classes())
      },
    ]
  }

  /// Residual, convolutional and recurrent ones.
  static var nets: [LayerCase] {
    [
      LayerCase("deep residual", steps: 70) {
        let model = Sequential {
          Linear(8, 32)
          for _ in 0..<12 {
            Residual {
              LayerNorm(32)
              Linear(32, 32)
              ReLU()
              Linear(32, 32)
            }
          }
          LayerNorm(32)
          Linear(32, 4)
        }
        return (model, LayerWard.classes())
      },
      LayerCase("residual, zero starts") {
        let model = Sequential {
          Linear(8, 32)
          for _ in 0..<4 {
            Residual {
              LayerNorm(32)
              Linear(32, 32)
              GELU()
              Linear(32, 32, initializer: .zeros)
            }
          }
          Linear(32, 4)
        }
        return (model, LayerWard.classes())
      },
      LayerCase("CNN with batch norm", steps: 70) {
        (PreflightNetwork.convolutional(), LayerWard.classes([32, 1, 8, 8], classes: 10))
      },
      LayerCase("LSTM", steps: 70) {
        let model = Sequential {
          LSTM(6, 24)
          FunctionLayer { $0[.all, -1] }
          Linear(24, 4)
        }
        return (model, LayerWard.classes([32, 8, 6]))
      },
      LayerCase(
        "GPT", steps: 40,
        {
          (
            GPT(vocabulary: 24, context: 16, features: 32, heads: 4, layers: 2),
            LayerWard.tokens()
          )
        }, loss: { causalLanguageModelLoss($0($1.x), $1.y) }),
    ]
  }

  /// Those of 16 bits.
  static var halves: [LayerCase] {
    [
      LayerCase("bfloat16", precision: .mixed(.bfloat16)) {
        (LayerWard.perceptron { ReLU() }, LayerWard.classes())
      },
      LayerCase("float16", precision: .mixed(.float16)) {
        (LayerWard.perceptron { ReLU() }, LayerWard.classes())
      },
      LayerCase(
        "weights in bfloat16", steps: 330, { (LayerWard.half(), LayerWard.classes()) },
        loss: LayerWard.halfLoss),
      LayerCase(
        "weights in bfloat16, small steps", steps: 330, rate: 1e-4,
        { (LayerWard.half(), LayerWard.classes()) }, loss: LayerWard.halfLoss),
      LayerCase(
        "weights in bfloat16, stochastic", steps: 330,
        optimizer: AdamW().rounding(.stochastic(seed: 3)), rate: 1e-4,
        { (LayerWard.half(), LayerWard.classes()) }, loss: LayerWard.halfLoss),
    ]
  }

  /// Models that are ill, by what has to be found, and by what the place ends with.
  static var sick: [(LayerCase, Symptom, Cause, String?)] {
    [
      (
        LayerCase("dead from the start") {
          (
            LayerWard.perceptron { ReLU() }.changing("2.bias") { $0 - 10 },
            LayerWard.classes()
          )
        }, .deadUnits, .initialization, "3 (relu)"
      ),
      (
        LayerCase("killed", optimizer: SGD(momentum: 0.9), rate: 0.05) {
          let (model, data) = (LayerWard.perceptron(depth: 4) { ReLU() }, LayerWard.classes())
          var count = 0
          return (
            model,
            {
              count += 1
              let batch = data()
              return count == 20 ? PreflightData.batch(batch.x * 300, batch.y) : batch
            }
          )
        }, .deadUnits, .learningRateTooHigh, "(relu)"
      ),
      (
        LayerCase("saturated by inputs") {
          (LayerWard.perceptron { Tanh() }, LayerWard.classes(scale: 100))
        }, .saturation, .inputScale, "1 (tanh)"
      ),
      (
        LayerCase("saturated by weights") {
          (
            LayerWard.perceptron(depth: 5, initializer: .normal(0, 4)) { Tanh() },
            LayerWard.classes()
          )
        }, .saturation, .initialization, "1 (tanh)"
      ),
      (
        LayerCase("saturated by steps", optimizer: SGD(momentum: 0.9), rate: 10) {
          (LayerWard.perceptron(depth: 4) { Tanh() }, LayerWard.classes())
        }, .saturation, .learningRateTooHigh, "(tanh)"
      ),
      (
        LayerCase("deep sigmoid", optimizer: SGD(), rate: 0.1) {
          (LayerWard.perceptron(depth: 10) { Sigmoid() }, LayerWard.classes())
        }, .vanishingGradients, .initialization, ".weight"
      ),
      (
        LayerCase("gradients multiplied on their way", optimizer: SGD(), rate: 1e-9) {
          let model = LayerWard.perceptron(depth: 16, initializer: .heNormal()) {
            // Three times the gradient of what goes in, which goes out as it is.
            FunctionLayer { ($0.relu() * 3) - ($0.relu() * 2).detached() }
          }
          return (model, LayerWard.classes())
        }, .explodingGradients, .initialization, ".weight"
      ),
      (
        LayerCase("detached") {
          let model = Sequential {
            Linear(8, 32)
            ReLU()
            FunctionLayer { $0.detached() }
            Linear(32, 4)
          }
          return (model, LayerWard.classes())
        }, .noGradient, .detached, "0.weight"
      ),
      (
        LayerCase("too fast", optimizer: AdamW(weightDecay: 2), rate: 0.5) {
          (LayerWard.perceptron { Tanh() }, LayerWard.classes())
        }, .updateRatio, .learningRateTooHigh, ".weight"
      ),
      (
        LayerCase("too slow", steps: 330, rate: 1e-9) {
          (LayerWard.perceptron { ReLU() }, LayerWard.classes())
        }, .updateRatio, .learningRateTooLow, nil
      ),
      (
        LayerCase(
          "frozen", optimizer: AdamW().varying(.path("2.**"), learningRateFactor: 0)
        ) { (LayerWard.perceptron { ReLU() }, LayerWard.classes()) }, .frozenParameter, .optimizer,
        "2.weight"
      ),
      (
        LayerCase(
          "rounded away", steps: 430, optimizer: AdamW().rounding(.nearest), rate: 5e-5,
          { (LayerWard.half(), LayerWard.classes()) }, loss: LayerWard.halfLoss),
        .roundingStagnation, .rounding, ".weight"
      ),
      (
        LayerCase("loud") {
          (
            LayerWard.perceptron(depth: 6, initializer: .normal(0, 2)) { ReLU() },
            LayerWard.classes()
          )
        }, .badInitialization, .initialization, "4"
      ),
      (
        LayerCase("quiet") {
          let model = Sequential {
            for place in 0..<5 {
              Linear(place == 0 ? 8 : 32, 32, bias: false, initializer: .normal(0, 0.01))
              Tanh()
            }
            Linear(32, 4)
          }
          return (model, LayerWard.classes())
        }, .badInitialization, .initialization, "4"
      ),
      (
        LayerCase(
          "GPT, too fast", steps: 40, rate: 0.3,
          {
            (
              GPT(vocabulary: 24, context: 16, features: 32, heads: 4, layers: 2),
              LayerWard.tokens()
            )
          }, loss: { causalLanguageModelLoss($0($1.x), $1.y) }), .attentionScores,
        .learningRateTooHigh, "(attention)"
      ),
      (LayerWard.drifting(), .logitDrift, .unheldLogits, nil),
      (
        LayerWard.embedding(decay: 10), .embeddingInstability, .embeddingGradients,
        "Embedding.weight"
      ),
      (
        LayerWard.leak(), .memoryGrowth, .keptGraph, "activations"
      ),
    ]
  }
}
