import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// Layers and models beside PyTorch's: how they start, what they compute, and their gradients.
final class LayerParityTests: XCTestCase {
  private func withEveryCase(
    _ body: (FixtureFile, ParityCase, LayerSubject) throws -> Void
  ) throws -> Int {
    let file = try FixtureFile("layers")
    let cases = try file.cases("layer")
    try withEvery("layer", in: cases.map(Named.init)) { named in
      let seed = UInt64(named.parity.attributes["seed"]!.int)
      let subject = withRandomGenerator(RandomGenerator(mersenneTwister: seed)) {
        LayerSubject.make(named.parity)
      }
      try body(file, named.parity, try XCTUnwrap(subject, named.description))
    }
    return cases.count
  }

  private func tensors(
    _ prefix: String, of parity: ParityCase, in file: FixtureFile
  ) -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    for name in parity.tensors.keys where name.hasPrefix(prefix + ".") {
      found[String(name.dropFirst(prefix.count + 1))] = file.tensor(name, of: parity)
    }
    return found
  }

  /// Uniform numbers to the bit, normal ones within the roundings of their logarithm and sine.
  func testEveryLayerStartsAsPyTorchs() throws {
    var count = 0
    let cases = try withEveryCase { file, parity, subject in
      let start = tensors("start", of: parity, in: file)
      let state = subject.module.state()
      expect(Set(state.keys) == Set(start.keys), "\(state.keys.sorted())")
      let isNormal = ["Embedding", "GPT", "BERT"].contains(parity.name)
      for (path, expected) in start {
        guard let got = state[path] else { continue }
        let problem = mismatch(got, expected)
        expect(isNormal ? problem == nil : got.isIdentical(to: expected), problem ?? path)
        count += 1
      }
    }
    print("layers: \(count) parameters of \(cases) layers start as PyTorch's")
    XCTAssertGreaterThan(cases, 60)
  }

  func testEveryLayerFollowsPyTorchInFloat64() throws { try assertParity(.float64, within: 1e-12) }

  func testEveryLayerFollowsPyTorchInFloat32() throws { try assertParity(.float32, within: 1e-5) }

  private func assertParity(_ dtype: DType, within tolerance: Double) throws {
    var (count, worst) = (0, 0.0)
    let cases = try withEveryCase { file, parity, subject in
      let pairs = try results(file, parity, subject, dtype)
      for (name, pair) in pairs.sorted(by: { $0.key < $1.key }) {
        let distance = distance(pair.got, pair.expected)
        worst = max(worst, distance)
        count += 1
        expect(distance <= tolerance, "\(name) is \(distance) away")
      }
    }
    print("layers in \(dtype): \(count) results of \(cases) cases within \(worst) of PyTorch")
    XCTAssertGreaterThan(count, 5 * cases)
  }

  /// The largest difference, beside the largest value where that is above 1.
  private func distance(_ got: Tensor?, _ expected: Tensor) -> Double {
    guard let got, got.shape == expected.shape else { return .infinity }
    let wanted = expected.cast(to: .float64)
    let scale = max(1, wanted.abs().max().item())
    return (got.cast(to: .float64) - wanted).abs().max().item() / scale
  }

  /// Outputs, gradients and buffers, each beside PyTorch's.
  private func results(
    _ file: FixtureFile, _ parity: ParityCase, _ subject: LayerSubject, _ dtype: DType
  ) throws -> [String: (got: Tensor?, expected: Tensor)] {
    let module = subject.module
    try module.load(tensors("weights", of: parity, in: file))
    module.convert(to: dtype)
    if parity.attributes["isEvaluating"]?.flag ?? false { module.evaluate() }
    let inputs = tensors("input", of: parity, in: file).mapValues {
      $0.dtype.isFloatingPoint ? $0.cast(to: dtype).tracked() : $0
    }
    let outputs = subject.call(inputs)
    let terms = outputs.indices.map { index in
      let cotangent = file.tensor("cotangent.\(index)", of: parity)!
      return (outputs[index] * cotangent.cast(to: dtype)).sum()
    }
    let total = terms.dropFirst().reduce(terms[0], +)
    let gradients = module.gradients(of: total)
    let state = module.state()
    var pairs: [String: (got: Tensor?, expected: Tensor)] = [:]
    func compare(_ prefix: String, _ find: (String) -> Tensor?) {
      for (name, expected) in tensors(prefix, of: parity, in: file) {
        pairs["\(prefix) \(name)"] = (find(name), expected)
      }
    }
    compare("output") { outputs[Int($0)!] }
    compare("gradient") { gradients[$0] }
    compare("inputGradient") { total.gradient(for: inputs[$0]!) }
    compare("after") { state[$0] }
    return pairs
  }

  func testRotaryPositionsFollowPyTorch() throws {
    let file = try FixtureFile("layers")
    let cases = try file.cases("function")
    XCTAssertEqual(cases.count, 2)
    for parity in cases {
      let x = try XCTUnwrap(file.tensor("x", of: parity)).tracked()
      let cotangent = try XCTUnwrap(file.tensor("cotangent", of: parity))
      let y = x.rotaryEmbedding(
        base: parity.attributes["base"]!.number, start: parity.attributes["start"]!.int)
      XCTAssertLessThan(distance(y, try XCTUnwrap(file.tensor("y", of: parity))), 1e-14)
      let gradient = (y * cotangent).sum().gradient(for: x)
      XCTAssertLessThan(
        distance(gradient, try XCTUnwrap(file.tensor("gradient", of: parity))), 1e-14)
    }
  }
}

private struct Named: CustomStringConvertible {
  let parity: ParityCase
  var description: String { "\(parity.name), \(parity.attributes)" }
}

/// What the fixtures do not say of ``InstanceNorm``.
final class InstanceNormTests: XCTestCase {
  func testABadBatchDoesNotReachTheRunningAverages() {
    let layer = InstanceNorm(2, tracksStatistics: true)
    _ = layer(RandomGenerator(seed: 1).normal([2, 2, 5]))
    let before = layer.state()
    XCTAssertEqual(Set(before.keys), ["runningMean", "runningVariance"])
    for poison in [Float.nan, .infinity, 3e38] {
      _ = layer(Tensor([1, poison, -poison, 2, 3, 4, 5, 6]).reshaped([1, 2, 4]))
      for (path, value) in layer.state() {
        XCTAssertTrue(value.isIdentical(to: before[path]!), "\(path) after \(poison)")
      }
    }
    let x = Tensor.ones([1, 2, 1])
    layer.evaluate()
    let mean = before["runningMean"]!.reshaped([1, 2, 1])
    let scale = (before["runningVariance"]!.reshaped([1, 2, 1]) + 1e-5).sqrt()
    XCTAssertTrue(layer(x).isClose(to: (x - mean) / scale, relative: 1e-5))
  }
}
