import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// A model of two parameters and two buffers, one of them of integers.
final class AveragedModel: Module {
  let weight: Parameter
  let bias: Parameter
  let mean: Buffer
  let count: Buffer

  init(_ values: [Double] = [1, -2], dtype: DType = .float64) {
    weight = Parameter(Tensor(values, dtype: dtype))
    bias = Parameter(Tensor(values, dtype: dtype))
    mean = Buffer(Tensor(values, dtype: dtype))
    count = Buffer(Tensor(0))
  }

  init(_ state: [String: Tensor]) {
    (weight, bias) = (Parameter(state["weight"]!), Parameter(state["bias"]!))
    (mean, count) = (Buffer(state["mean"]!), Buffer(state["count"]!))
  }

  func forward(_ x: Tensor) -> Tensor { weight.value * x }

  var values: [Double] { weight.value.elements() }

  /// Gives all floating-point tensors these values.
  func set(_ values: [Double]) {
    let tensor = Tensor(values, dtype: weight.value.dtype)
    (weight.value, bias.value, mean.value) = (tensor, tensor * 1, tensor * 1)
  }
}

/// Averages beside PyTorch's and formulas of other libraries.
final class AveragingParityTests: XCTestCase {
  private func average(_ parity: ParityCase) -> WeightAverage? {
    let decay = parity.attributes["decay"]!.number
    let buffers: WeightAverage.BufferPolicy =
      parity.attributes["averagesBuffers"]!.flag ? .average : .copy
    func exponential(_ warmup: WeightAverage.DecayWarmup) -> WeightAverage {
      .exponential(decay: decay, warmup: warmup, buffers: buffers)
    }
    return switch parity.name {
    case "exponential": exponential(.none)
    case "stochastic": .stochastic(every: 1, buffers: buffers)
    case "ramp": exponential(.ramp)
    case "power": exponential(.power())
    case "power, scaled": exponential(.power(scale: 3, exponent: 0.75))
    case "biasCorrected": exponential(.biasCorrected)
    default: nil
    }
  }

  func testTwentyUpdatesFollowPyTorch() throws {
    let file = try FixtureFile("averages")
    let cases = try file.cases("average")
    var (identical, compared) = (0, 0)
    var farthest: [DType: Double] = [:]
    try withEvery("average", in: cases) { parity in
      var average = try XCTUnwrap(average(parity))
      let names = ["weight", "bias", "mean", "count"]
      let course = try names.map { try XCTUnwrap(file.tensor("step." + $0, of: parity)) }
      for step in 0..<20 {
        let state = zip(names, course).map { ($0, $1[step]) }
        let model = AveragedModel(Dictionary(uniqueKeysWithValues: state))
        expect(average.update(from: model) == .updated, "refused")
        let weights = average.weights
        XCTAssertEqual(weights.count, 4)
        for name in names {
          guard let trace = file.tensor("average." + name, of: parity) else { continue }
          let got = try XCTUnwrap(weights[name])
          expect(got.dtype == trace.dtype, "\(name) in \(got.dtype)")
          let problem = mismatch(got, trace[step], roundings: 4)
          expect(problem == nil, "\(name) after \(step): \(problem ?? "")")
          let distance = (got - trace[step]).abs().max().cast(to: .float64).item()
          farthest[got.dtype] = max(farthest[got.dtype] ?? 0, distance)
          identical += got.isIdentical(to: trace[step]) ? 1 : 0
          compared += 1
        }
      }
    }
    print(
      "\(cases.count) averages, \(compared) tensors within \(farthest), \(identical) bit for bit")
    XCTAssertEqual(cases.count, 18)
  }

  func testTheAveragesThatOthersPrintAreOurs() throws {
    for (policy, means) in [
      (WeightAverage.BufferPolicy.copy, [10.0, 20, 30]), (.average, [10, 11, 12.9]),
    ] {
      var average = WeightAverage.exponential(decay: 0.9, buffers: policy)
      let model = AveragedModel([0])
      for (update, expected) in [1, 1.1, 1.29].enumerated() {
        model.weight.value = Tensor([Double(update + 1)], dtype: .float64)
        model.mean.value = Tensor([Double(update + 1) * 10], dtype: .float64)
        average.update(from: model)
        let weights = average.weights
        XCTAssertEqual(weights["weight"]!.item(), expected, accuracy: 1e-15)
        XCTAssertEqual(weights["mean"]!.item(), means[update], accuracy: 1e-14)
      }
    }
  }

  /// In a half, 1 + 1e-4 is 1 again: an average in bfloat16 would never leave 1.
  func testAnAverageOfHalvesMoves() {
    for dtype in [DType.bfloat16, .float16] {
      var average = WeightAverage.exponential(decay: 0.9999)
      let model = AveragedModel([1], dtype: dtype)
      average.update(from: model)
      model.set([2])
      for _ in 0..<1_000 { average.update(from: model) }
      XCTAssertEqual(average.weights["weight"]?.dtype, .float32)
      XCTAssertEqual(average.weights["weight"]!.item(), 1.0952, accuracy: 1e-4)
    }
  }

  func testAHalfLifeIsADecay() {
    guard
      case .exponential(let decay, .none) = WeightAverage.exponential(halfLife: 1_000, every: 10)
        .settings.rule
    else { return XCTFail("another rule") }
    XCTAssertEqual(decay, 0.9930924954370359, accuracy: 1e-15)
  }

  /// Statistics of a network's two norms, by PyTorch's `update_bn`.
  func testRecalibrationOfEqualBatchesIsPyTorchs() throws {
    let file = try FixtureFile("averages")
    let cases = try file.cases("recalibration")
    try withEvery("recalibration", in: cases) { parity in
      let batches = try XCTUnwrap(file.tensor("batches", of: parity))
      let model = Sequential {
        Linear(4, 6)
        BatchNorm(6)
        ReLU()
        Linear(6, 3)
        BatchNorm(3)
      }
      model.convert(to: batches.dtype)
      let names = [
        "running_mean": "runningMean", "running_var": "runningVariance",
        "num_batches_tracked": "batchCount",
      ]
      func state(_ prefix: String) -> [String: Tensor] {
        var found: [String: Tensor] = [:]
        for key in parity.tensors.keys where key.hasPrefix(prefix) {
          let parts = key.dropFirst(prefix.count).split(separator: ".").map(String.init)
          found["\(parts[0]).\(names[parts[1]] ?? parts[1])"] = file.tensor(key, of: parity)
        }
        return found
      }
      try model.load(state("initial."))
      model.recalibrateBatchNorm(over: (0..<5).map { batches[$0] })
      let final = state("final.")
      for (path, tensor) in model.state() {
        let problem = mismatch(tensor, try XCTUnwrap(final[path]))
        expect(problem == nil, "\(path): \(problem ?? "")")
      }
    }
    XCTAssertEqual(cases.count, 2)
  }
}
