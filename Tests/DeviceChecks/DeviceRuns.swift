internal import TrainingKit

/// Runs from one seed have the same losses on a device as on the processor.
extension DeviceCheck {
  package static var runs: [DeviceCheck] {
    [
      run("a perceptron", steps: 20, within: 1e-5) {
        let model = Sequential {
          Linear(16, 32)
          ReLU()
          Dropout(0.1)
          LayerNorm([32])
          Linear(32, 4)
        }
        let (x, y) = (Tensor.randomNormal([24, 16]), Tensor.randomIntegers([24], in: 0..<4))
        return Losses(model, clipping: .globalNorm(1)) { crossEntropy($0(x), y) }
      },
      run("a convolutional network", steps: 6, within: 1e-5) {
        let model = Sequential {
          Conv2d(2, 4, kernelSize: 3, padding: 1)
          BatchNorm(4)
          ReLU()
          MaxPool2d(2)
          Flatten()
          Linear(64, 3)
        }
        let (x, y) = (Tensor.randomNormal([6, 2, 8, 8]), Tensor.randomIntegers([6], in: 0..<3))
        return Losses(model) { crossEntropy($0(x), y) }
      },
      run("a GPT", steps: 6, within: 1e-4) { gpt() },
      run("a GPT in float16", steps: 6, within: 2e-2) { gpt(precision: .mixed(.float16)) },
      run("a GPT in bfloat16", steps: 6, within: 2e-2) { gpt(precision: .mixed(.bfloat16)) },
    ]
  }

  private static func gpt(precision: Precision = .full) -> Losses {
    let model = GPT(
      GPT.Configuration(vocabulary: 17, context: 12, features: 16, heads: 2, layers: 2))
    let tokens = Tensor.randomIntegers([3, 12], in: 0..<17)
    return Losses(model, precision: precision) { causalLanguageModelLoss($0(tokens), tokens) }
  }

  private static func run(
    _ name: String, steps: Int, within tolerance: Double, _ make: @escaping @Sendable () -> Losses
  ) -> DeviceCheck {
    DeviceCheck(name: "a run, \(name)") { device in
      func losses() throws -> [Double] {
        try validated {
          try withRandomGenerator(RandomGenerator(seed: 1)) {
            let run = make()
            return try (0..<steps).map { _ in try run.next() }
          }
        }
      }
      let expected = try losses()
      let got = try withDevice(device) { try losses() }
      var problems = zip(got, expected).enumerated().compactMap { step, pair in
        abs(pair.0 - pair.1) <= tolerance * abs(pair.1)
          ? nil : "step \(step) has a loss of \(pair.0), expected \(pair.1)"
      }
      if !(expected.last! < expected.first!) { problems.append("nothing is learned: \(expected)") }
      return problems
    }
  }
}

/// The losses of a run's steps.
private final class Losses {
  private let step: () throws -> Double

  init<Model: Module>(
    _ model: Model, precision: Precision = .full, clipping: Clipping = .none,
    _ loss: @escaping (Model) -> Tensor
  ) {
    var run = TrainingRun(
      model: model, optimizer: AdamW(), schedule: .constant(1e-2), precision: precision,
      clipping: clipping)
    step = { try run.step(loss).report.loss }
  }

  func next() throws -> Double { try step() }
}
