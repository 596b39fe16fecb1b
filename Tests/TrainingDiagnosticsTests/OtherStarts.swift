import TrainingDiagnostics
import TrainingKit

/// Healthy runs that no threshold was chosen on.
enum OtherStarts {
  static func all(seed: UInt64) -> [PreflightCase] {
    networks(seed) + data(seed) + [images(seed), encoder(seed), ignoring(seed)] + trained(seed)
      + [shifted(seed), normalized(seed)]
  }

  /// A constant that is added to a loss changes no step.
  private static func shifted(_ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "a loss of 2 less", seed: seed,
      { (PreflightNetwork.perceptron(), { PreflightData.classes([32, 16], 10) }) },
      loss: { crossEntropy($0($1.x), $1.y) - 2 })
  }

  /// Biases before a normalization have gradients of rounding alone.
  private static func normalized(_ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "biases before norms, SGD", seed: seed, optimizer: SGD(momentum: 0.9),
      {
        let model = Sequential {
          Conv2d(1, 6, kernelSize: 3, padding: 1)
          BatchNorm(6)
          ReLU()
          Flatten()
          Linear(216, 10)
        }
        return (model, { PreflightData.classes([16, 1, 6, 6], 10) })
      }, loss: { crossEntropy($0($1.x), $1.y) })
  }

  private static func classifier(
    _ name: String, _ seed: UInt64, inputs: Shape = [32, 16],
    model: @escaping () -> Sequential = { PreflightNetwork.perceptron() }
  ) -> PreflightCase {
    changed(name, seed, inputs: inputs, { $0 }, model: model)
  }

  /// Inputs are noise as it is changed.
  private static func changed(
    _ name: String, _ seed: UInt64, inputs: Shape = [32, 16],
    _ change: @escaping (Tensor) -> Tensor,
    model: @escaping () -> Sequential = { PreflightNetwork.perceptron() }
  ) -> PreflightCase {
    PreflightCase(
      name, seed: seed,
      {
        (
          model(),
          {
            var batch = PreflightData.classes(inputs, 10)
            batch.x = change(batch.x)
            return batch
          }
        )
      }, loss: { crossEntropy($0($1.x), $1.y) })
  }

  private static func networks(_ seed: UInt64) -> [PreflightCase] {
    func deep(_ activation: @escaping () -> any Module<Tensor, Tensor>, _ norm: Bool, _ depth: Int)
      -> () -> Sequential
    {
      {
        Sequential {
          Linear(16, 48)
          for _ in 0..<depth {
            activation()
            if norm { LayerNorm(48) }
            Linear(48, 48)
          }
          Linear(48, 10)
        }
      }
    }
    return [
      classifier("6 layers as they come", seed, model: deep({ ReLU() }, false, 6)),
      classifier("20 layers with norms", seed, model: deep({ GELU() }, true, 20)),
      classifier("tanh, 5 layers", seed, model: deep({ Tanh() }, false, 5)),
      classifier("sigmoid, 3 layers", seed, model: deep({ Sigmoid() }, false, 3)),
      classifier("He, 12 layers", seed) { PreflightNetwork.perceptron(.heNormal(), depth: 12) },
      classifier("one layer", seed) { Sequential { Linear(16, 10) } },
      changed("norm first, bytes", seed, { $0 * 50 + 128 }) {
        Sequential {
          BatchNorm(16)
          Linear(16, 32)
          ReLU()
          Linear(32, 10)
        }
      },
      classifier("GRU", seed, inputs: [16, 10, 4]) {
        Sequential {
          GRU(4, 16, layers: 2)
          FunctionLayer { $0[.all, -1] }
          Linear(16, 10)
        }
      },
      classifier("group norm", seed, inputs: [16, 3, 8, 8]) {
        Sequential {
          Conv2d(3, 8, kernelSize: 3, padding: 1)
          GroupNorm(groups: 2, 8)
          SiLU()
          Conv2d(8, 8, kernelSize: 3, stride: 2)
          ReLU()
          Flatten()
          Linear(72, 10)
        }
      },
    ]
  }

  private static func data(_ seed: UInt64) -> [PreflightCase] {
    [
      changed(
        "yes or no features", seed, inputs: [64, 10], { ($0 .> 0).cast(to: .float32) }
      ) {
        PreflightNetwork.perceptron(inputs: 10)
      },
      changed(
        "pixels from 0 to 1", seed, inputs: [32, 64],
        { ($0 * 0.3).sigmoid() * ($0 .> 0).cast(to: .float32) }
      ) {
        PreflightNetwork.perceptron(inputs: 64)
      },
      changed("constant features", seed, { $0 * (Tensor.range(0, 16) .> 3).cast(to: .float32) }),
      classifier("batch of two", seed, inputs: [2, 16]),
      classifier("batch of one", seed, inputs: [1, 16]),
    ]
  }

  private static func images(_ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "classes of pixels", seed: seed,
      {
        let model = Sequential {
          Conv2d(1, 8, kernelSize: 3, padding: 1)
          ReLU()
          Conv2d(8, 4, kernelSize: 1)
        }
        return (
          model,
          {
            PreflightData.batch(
              .randomNormal([8, 1, 6, 6]), .randomIntegers([8, 6, 6], in: 0..<4))
          }
        )
      }, loss: { crossEntropy($0($1.x), $1.y) })
  }

  private static func encoder(_ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "autoencoder", seed: seed,
      {
        let model = Sequential {
          Linear(16, 4)
          Tanh()
          Linear(4, 16)
          Sigmoid()
        }
        return (
          model,
          {
            let x = Tensor.randomUniform([32, 16])
            return PreflightData.batch(x, x)
          }
        )
      }, loss: { meanSquaredError($0($1.x), $1.y) })
  }

  private static func ignoring(_ seed: UInt64) -> PreflightCase {
    PreflightCase(
      "padding that is ignored", seed: seed,
      {
        let model = Sequential {
          Embedding(20, 16, paddingIndex: 0)
          Linear(16, 20)
        }
        return (
          model,
          {
            let tokens = Tensor.randomIntegers([8, 12], in: 1..<20)
            let isEmpty = Tensor.range(0, 12) .> 7
            return PreflightData.batch(
              which(isEmpty, Tensor(0), tokens), which(isEmpty, Tensor(255), tokens))
          }
        )
      },
      loss: {
        let logits = $0($1.x)
        return crossEntropy(
          logits.reshaped([-1, 20]), $1.y.flattened(), ignoreIndex: 255)
      })
  }

  /// Networks that have learned already, looked at as if they had not begun.
  private static func trained(_ seed: UInt64) -> [PreflightCase] {
    [false, true].map { isDeep in
      PreflightCase(
        isDeep ? "trained CNN" : "trained MLP", seed: seed,
        {
          let model = isDeep ? PreflightNetwork.convolutional() : PreflightNetwork.perceptron()
          let teacher = Tensor.randomNormal([isDeep ? 64 : 16, 10])
          func data() -> Batch {
            let x = Tensor.randomNormal(isDeep ? [32, 1, 8, 8] : [32, 16])
            return PreflightData.batch(
              x, x.reshaped([32, -1]).matmul(teacher).argmax(axis: 1))
          }
          var run = TrainingRun(
            model: model, optimizer: AdamW(), schedule: .constant(3e-3))
          for _ in 0..<150 {
            let batch = data()
            _ = try? run.step { crossEntropy($0(batch.x), batch.y) }
          }
          return (model, data)
        }, loss: { crossEntropy($0($1.x), $1.y) })
    }
  }
}
