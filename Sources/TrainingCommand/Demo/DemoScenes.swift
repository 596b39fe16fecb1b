internal import TrainingDiagnostics
internal import TrainingKit

extension DemoScene {
  /// The scenes of the demonstration, in the order they are shown.
  static func all(_ samples: Samples) -> [DemoScene] {
    let (digits, pixels) = (DemoData.digits(samples), DemoData.pixels(samples))
    return [
      explodingGradients(digits), badStart(digits), poisonedBatch(digits), overflow(digits),
      oscillatingLoss(digits), languageModel(pixels),
    ]
  }

  private static func explodingGradients(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "exploding gradients", mistake: "a learning rate of 20 in place of 0.1", steps: 400,
      data: data, batchSize: 32
    ) { isSick in
      TrainingRun(
        model: perceptron(depth: 2), optimizer: SGD(momentum: 0.9),
        schedule: .warmup(steps: 20).then(.constant(isSick ? 20 : 0.1)))
    }
  }

  private static func badStart(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "a start that is far off", mistake: "weights that start with deviation 1", steps: 400,
      data: data, batchSize: 32
    ) { isSick in
      TrainingRun(
        model: perceptron(depth: 6, initializer: isSick ? .normal(0, 1) : .heNormal()),
        optimizer: SGD(momentum: 0.9), schedule: .constant(0.01))
    }
  }

  private static func poisonedBatch(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "a poisoned batch", mistake: "one pixel of batch 120 is not a number", steps: 400,
      data: data, batchSize: 32,
      run: { _ in
        TrainingRun(
          model: perceptron(depth: 2), optimizer: SGD(momentum: 0.9), schedule: .constant(0.1))
      },
      spoiled: { step, batch in
        guard step == 120 else { return batch }
        var batch = batch
        let isPixel = Tensor.range(0, batch.x.count).reshaped(batch.x.shape) .== 100
        batch.x = which(isPixel, Tensor(Double.nan), batch.x)
        return batch
      })
  }

  private static func overflow(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "numbers beyond 16 bits", mistake: "a loss scale of 2^30 that never falls",
      steps: 400, data: data, batchSize: 32
    ) { isSick in
      TrainingRun(
        model: perceptron(depth: 2), optimizer: AdamW(), schedule: .constant(1e-3),
        precision: isSick ? .mixed(.float16, scaler: .fixed(0x1p30)) : .mixed(.float16))
    }
  }

  private static func oscillatingLoss(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "oscillating loss", mistake: "a learning rate that climbs to 0.1 in place of 0.002",
      steps: 700, data: data, batchSize: 32
    ) { isSick in
      TrainingRun(
        model: perceptron(depth: 2), optimizer: Adam(),
        schedule: .warmup(steps: 300).then(.constant(isSick ? 0.1 : 0.002)))
    }
  }

  private static func languageModel(_ data: DemoData) -> DemoScene {
    DemoScene(
      title: "a language model that learns little",
      mistake: "a learning rate of 0.3 in place of 0.003",
      steps: 200, data: data, batchSize: 16
    ) { isSick in
      TrainingRun(
        model: gpt(), optimizer: AdamW(weightDecay: 0.01), schedule: .constant(isSick ? 0.3 : 3e-3))
    }
  }

  static func gpt() -> Network {
    Network(GPT(vocabulary: 17, context: 63, features: 32, heads: 4, layers: 2))
  }

  private static func perceptron(
    depth: Int, initializer: Initializer = .heNormal()
  ) -> Network {
    Network(
      Sequential {
        for layer in 0..<depth {
          Linear(layer == 0 ? 64 : 128, 128, initializer: initializer)
          ReLU()
        }
        Linear(depth == 0 ? 64 : 128, 10)
      })
  }
}
