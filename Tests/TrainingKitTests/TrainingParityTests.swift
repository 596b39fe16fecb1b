import Foundation
import TestSupport
import TrainingKit
import XCTest

/// The same seed gives the same run as PyTorch.
final class TrainingParityTests: XCTestCase {
  private func training(_ name: String, _ dtype: DType) throws -> (FixtureFile, ParityCase) {
    let file = try FixtureFile("parity")
    let parity = try XCTUnwrap(
      file.cases("training").first {
        $0.name == name && $0.tensors["losses"]?.dtype == "\(dtype)"
      })
    return (file, parity)
  }

  /// The largest relative distance of two curves.
  private func distance(_ got: [Double], _ expected: Tensor) -> Double {
    let expected = expected.elements(Double.self)
    XCTAssertEqual(got.count, expected.count)
    return zip(got, expected).map { abs($0 - $1) / abs($1) }.max() ?? .infinity
  }

  private func perceptron(_ dtype: DType) -> Sequential {
    let model = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) {
      Sequential {
        Linear(64, 128)
        ReLU()
        Linear(128, 10)
      }
    }
    model.convert(to: dtype)
    return model
  }

  private func digits(_ dtype: DType) throws -> (x: Tensor, y: Tensor) {
    let path = SourceTree.root.appendingPathComponent("Sources/CTrainingDigits/digits.csv")
    let rows = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",").map { Double($0)! }
    }
    let training = rows.enumerated().filter { $0.offset % 5 != 4 }.map(\.element)
    let pixels = Tensor(training.map { Array($0.dropLast()) }, dtype: dtype)
    return (pixels / 16, Tensor(training.map { Int($0[64]) }))
  }

  private func assertPerceptronFollows(_ dtype: DType, within tolerance: Double) throws {
    let (file, parity) = try training("mlp", dtype)
    let order = try XCTUnwrap(file.tensor("order", of: parity))
    let model = perceptron(dtype)
    for path in ["0.weight", "0.bias", "2.weight", "2.bias"] {
      let initial = try XCTUnwrap(file.tensor("initial." + path, of: parity))
      XCTAssertTrue(model.state()[path]!.cast(to: .float32).isIdentical(to: initial), path)
    }
    let (x, y) = try digits(dtype)
    var run = TrainingRun(model: model, optimizer: Adam(), schedule: .constant(1e-3))
    var losses: [Double] = []
    for step in 0..<200 {
      let rows = order[step / 22, (step % 22 * 64)..<(step % 22 * 64 + 64)]
      let outcome = try run.step { crossEntropy($0(x.taking(rows)), y.taking(rows)) }
      losses.append(outcome.report.loss)
    }
    let distance = distance(losses, try XCTUnwrap(file.tensor("losses", of: parity)))
    print("perceptron in \(dtype): 200 steps within \(distance) of PyTorch")
    XCTAssertLessThan(distance, tolerance)
  }

  func testAPerceptronFollowsPyTorchInFloat64() throws {
    try assertPerceptronFollows(.float64, within: 1e-9)
  }

  func testAPerceptronFollowsPyTorchInFloat32() throws {
    try assertPerceptronFollows(.float32, within: 1e-3)
  }

  func testTheOrderOfRowsIsPyTorchs() throws {
    let (file, parity) = try training("mlp", .float64)
    let order = try XCTUnwrap(file.tensor("order", of: parity))
    let generator = RandomGenerator(mersenneTwister: 1)
    for epoch in 0..<order.shape[0] {
      XCTAssertEqual(generator.permutation(1438).elements(Int.self), order[epoch].elements())
    }
  }

  private func assertGPTFollows(_ dtype: DType, within tolerance: Double) throws {
    let (file, parity) = try training("gpt", dtype)
    let tokens = try XCTUnwrap(file.tensor("tokens", of: parity)).cast(to: .int64)
    let model = GPT(vocabulary: 65, context: 16, features: 32, heads: 4, layers: 2)
    var state: [String: Tensor] = [:]
    for name in parity.tensors.keys where name.hasPrefix("initial.") {
      state[String(name.dropFirst("initial.".count))] = file.tensor(name, of: parity)
    }
    try model.load(state)
    model.convert(to: dtype)
    var run = TrainingRun(
      model: model, optimizer: AdamW(weightDecay: 0.01), schedule: .constant(3e-3))
    var losses: [Double] = []
    for step in 0..<50 {
      let batch = tokens[step]
      let outcome = try run.step { model in
        let logits = model(batch[.all, ..<16])
        return crossEntropy(logits.reshaped([-1, 65]), batch[.all, 1...].flattened())
      }
      losses.append(outcome.report.loss)
    }
    let distance = distance(losses, try XCTUnwrap(file.tensor("losses", of: parity)))
    print("GPT in \(dtype): 50 steps within \(distance) of PyTorch")
    XCTAssertLessThan(distance, tolerance)
  }

  func testAGPTFollowsPyTorchInFloat64() throws { try assertGPTFollows(.float64, within: 1e-8) }

  func testAGPTFollowsPyTorchInFloat32() throws { try assertGPTFollows(.float32, within: 2e-3) }

  func testLinearFromSeedZeroHasPyTorchsWeights() {
    let layer = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) { Linear(3, 2) }
    let row = layer.weight.value[0].elements(Float.self)
    XCTAssertEqual(row, [-0.0043225177, 0.30971584, -0.47518533])
  }
}

/// Where the package lies.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
