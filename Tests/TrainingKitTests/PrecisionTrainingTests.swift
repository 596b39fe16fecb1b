import Foundation
import TestSupport
import TrainingKit
import XCTest

/// Networks train as well in 16 bits as in 32, and with an optimizer that keeps 16.
final class PrecisionTrainingTests: XCTestCase {
  private struct Bits {
    var forward = Precision.full
    var state = StateType.full
  }

  /// Trains and tells the last losses' mean.
  private func train(
    _ model: some Module<Tensor, Tensor>, _ precision: Bits, steps: Int, average: Int,
    _ batch: (_ step: Int) -> (x: Tensor, y: Tensor)
  ) throws -> Double {
    var optimizer = AdamW(weightDecay: 0.01).keepingState(in: precision.state)
    var precision = precision.forward
    var losses: [Double] = []
    for step in 0..<steps {
      let (x, y) = batch(step)
      let (loss, scaled) = autocast(precision.autocastType) {
        model.valueAndGradients(scaledBy: precision.scaler) { model in
          let logits = model(x)
          return crossEntropy(logits.reshaped([-1, logits.shape[-1]]), y)
        }
      }
      losses.append(loss.item())
      let unscaled = scaled.unscaled()
      if let gradients = unscaled.gradients {
        let (clipped, _) = gradients.clipped(toGlobalNorm: 1)
        optimizer.update(model, with: clipped, learningRate: 2e-3)
      }
      try precision.scaler?.update(after: unscaled)
    }
    return losses.suffix(average).reduce(0, +) / Double(average)
  }

  private func assertReachesFloat32(
    _ name: String, _ loss: (_ precision: Bits) throws -> Double
  ) throws {
    for seed in 0..<3 {
      func run(_ precision: Bits) throws -> Double {
        try withRandomGenerator(RandomGenerator(seed: UInt64(seed))) { try loss(precision) }
      }
      let full = try run(Bits())
      for (type, precision) in [
        ("float16", Bits(forward: .mixed(.float16))),
        ("bfloat16", Bits(forward: .mixed(.bfloat16))),
        ("a bfloat16 state", Bits(state: .bfloat16(seed: UInt64(seed)))),
      ] {
        let start = ContinuousClock.now
        let mixed = try run(precision)
        let seconds = ContinuousClock.now - start
        print("\(name), seed \(seed): \(full) in float32, \(mixed) in \(type), \(seconds)")
        XCTAssertEqual(mixed, full, accuracy: 0.02 * full, "\(name), seed \(seed), \(type)")
      }
    }
  }

  func testPerceptronOnDigits() throws {
    let (x, y) = try Digits.training()
    try assertReachesFloat32("perceptron") { precision in
      let model = Sequential {
        Linear(64, 128)
        ReLU()
        Linear(128, 10)
      }
      return try train(model, precision, steps: 88, average: 22) { step in
        let rows = step % 22 * 64..<(step % 22 * 64 + 64)
        return (x[rows], y[rows])
      }
    }
  }

  func testConvolutionsOnDigits() throws {
    let (x, y) = try Digits.training()
    let images = x.reshaped([-1, 1, 8, 8])
    try assertReachesFloat32("convolutions") { precision in
      let model = Sequential {
        Conv2d(1, 8, kernelSize: 3, padding: 1)
        BatchNorm(8)
        ReLU()
        MaxPool2d(2)
        Conv2d(8, 16, kernelSize: 3, padding: 1)
        GELU()
        Flatten()
        Linear(256, 10)
      }
      return try train(model, precision, steps: 44, average: 22) { step in
        let rows = step % 22 * 64..<(step % 22 * 64 + 64)
        return (images[rows], y[rows])
      }
    }
  }

  func testGPTOnText() throws {
    let file = try FixtureFile("parity")
    let text = try XCTUnwrap(file.cases("training").first { $0.name == "gpt" })
    let tokens = try XCTUnwrap(file.tensor("tokens", of: text)).cast(to: .int64)
    try assertReachesFloat32("GPT") { precision in
      let model = GPT(vocabulary: 65, context: 16, features: 32, heads: 4, layers: 2)
      return try train(model, precision, steps: 100, average: 50) { step in
        let batch = tokens[step % 50]
        return (batch[.all, ..<16], batch[.all, 1...].flattened())
      }
    }
  }
}

/// The handwritten digits without every fifth.
enum Digits {
  static func training() throws -> (x: Tensor, y: Tensor) {
    let path = SourceTree.root.appendingPathComponent("Sources/CTrainingDigits/digits.csv")
    let rows = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").map { Double($0)! }
    }
    let training = rows.enumerated().filter { $0.offset % 5 != 4 }.map(\.element)
    let pixels = Tensor(training.map { Array($0.dropLast()) })
    return (pixels / 16, Tensor(training.map { Int($0[64]) }))
  }
}
