import TrainingDiagnostics
import TrainingKit

/// A run before its first step, by name.
struct PreflightCase {
  let name: String
  let findings: () throws -> [Finding]

  /// A case whose model, data and loss are made from a seed.
  init<Model: Module>(
    _ name: String, seed: UInt64 = 1, precision: Precision = .full,
    optimizer: any Optimizer = AdamW(),
    batches: Int = 1, _ make: @escaping () -> (Model, () -> Batch),
    loss: @escaping (Model, Batch) -> Tensor
  ) {
    self.name = name
    findings = {
      try withRandomGenerator(RandomGenerator(seed: seed)) {
        let (model, data) = make()
        let run = TrainingRun(
          model: model, optimizer: optimizer,
          schedule: .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000)),
          precision: precision)
        return try Preflight(of: run, on: (0..<batches).map { _ in data() }, loss).findings()
      }
    }
  }
}

/// Data that cases are made of.
enum PreflightData {
  static func batch(_ x: Tensor, _ y: Tensor) -> Batch {
    Batch(x: x, y: y, indices: Array(0..<x.shape[0]))
  }

  /// Rows of noise that belong to one of so many classes.
  static func classes(_ shape: Shape, _ classes: Int) -> Batch {
    batch(.randomNormal(shape), .randomIntegers([shape[0]], in: 0..<classes))
  }

  static func tokens(_ shape: Shape, _ vocabulary: Int) -> Batch {
    let tokens = Tensor.randomIntegers(shape, in: 0..<vocabulary)
    return batch(tokens, tokens)
  }
}

/// Networks that cases are made of.
enum PreflightNetwork {
  static func perceptron(
    _ initializer: Initializer? = nil, inputs: Int = 16, depth: Int = 2, classes: Int = 10
  ) -> Sequential {
    Sequential {
      Linear(inputs, 32, initializer: initializer)
      ReLU()
      for _ in 1..<depth {
        Linear(32, 32, initializer: initializer)
        ReLU()
      }
      Linear(32, classes)
    }
  }

  static func convolutional() -> Sequential {
    Sequential {
      Conv2d(1, 8, kernelSize: 3, padding: 1, bias: false)
      BatchNorm(8)
      ReLU()
      MaxPool2d(2)
      Conv2d(8, 16, kernelSize: 3, padding: 1, bias: false)
      BatchNorm(16)
      ReLU()
      AvgPool2d(2)
      Flatten()
      Linear(64, 10)
    }
  }
}
