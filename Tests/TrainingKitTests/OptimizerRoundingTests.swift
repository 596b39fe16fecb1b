import TestSupport
import TrainingKit
import XCTest

/// Weights that are stored in half precision.
final class OptimizerRoundingTests: XCTestCase {
  private let count = 4096

  /// Weights after updates by SGD, each of so much, from weights of 1 and -1.
  private func moved(
    _ dtype: DType, _ rounding: HalfRounding, by step: Double, times: Int,
    _ optimizer: any Optimizer = SGD()
  ) -> Two {
    let signs = Tensor.range(0, count).remainder(dividingBy: Tensor(2)) * 2 - 1
    let model = Two(signs.cast(to: dtype), Tensor([1.0], dtype: dtype))
    var optimizer: any Optimizer = SGD().using(optimizer, for: .all).rounding(rounding)
    let gradients = model.gradients(signs.cast(to: .float32) * -step, nil)
    for _ in 0..<times { optimizer.update(model, with: gradients, learningRate: 1) }
    return model
  }

  private func magnitudes(_ model: Two) -> [Double] {
    model.first.value.elements(Double.self).map(abs)
  }

  /// The optimizers whose steps are the gradient: one in a fused pass, one through float32.
  private struct PlainDescent: Optimizer {
    var states: [String: ParameterState] = [:]
    func updated(
      _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState,
      learningRate: Double, gradientScale: Double
    ) -> Tensor { value - gradient * learningRate }
  }

  func testAThousandTinyUpdatesMoveAWeightUnlessRoundedToNearest() {
    for optimizer in [SGD(), PlainDescent()] as [any Optimizer] {
      for dtype in [DType.bfloat16, .float16] {
        let ulp = dtype.machineEpsilon
        func moves(_ rounding: HalfRounding) -> [Double] {
          magnitudes(moved(dtype, rounding, by: 1e-3 * ulp, times: 1000, optimizer))
            .map { ($0 - 1) / ulp }
        }
        let nearest = moves(.nearest)
        XCTAssertTrue(nearest.allSatisfy { $0 == 0 }, "nearest moved in \(dtype)")
        let compensated = moves(.compensated)
        XCTAssertTrue(compensated.allSatisfy { $0 == 1 }, "\(dtype): \(compensated[0])")
        let stochastic = moves(.stochastic(seed: 5))
        let mean = stochastic.reduce(0, +) / Double(count)
        print("\(dtype): 1,000 updates of 0.001 ulp move by \(mean) ulp on average")
        // Each weight is about a Poisson number of ulps, whose mean over 4,096 has a deviation of 1/64.
        XCTAssertEqual(mean, 1, accuracy: 5.0 / 64)
        XCTAssertTrue(stochastic.contains(0) && stochastic.contains(2), "no spread")
      }
    }
  }

  func testStochasticRoundingIsRightOnAverageBetweenAnyTwoWeights() {
    for (dtype, start, ulp) in [
      (DType.bfloat16, 1.5, 0x1p-7), (.float16, 1.5, 0x1p-10), (.float16, 0x1p-16, 0x1p-24),
      (.float16, 0, 0x1p-24), (.bfloat16, -3, -0x1p-6),
    ] {
      for part in [0.0, 0.125, 0.5, 0.9] {
        let model = Two(
          Tensor(repeating: start, shape: [count], dtype: dtype), Tensor([1.0], dtype: dtype))
        var optimizer: any Optimizer = SGD().rounding(.stochastic(seed: 9))
        let gradient = Tensor(repeating: -part * ulp, shape: [count])
        optimizer.update(model, with: model.gradients(gradient, nil), learningRate: 1)
        let ulps = model.first.value.elements(Double.self).map { ($0 - start) / ulp }
        XCTAssertTrue(ulps.allSatisfy { $0 == 0 || $0 == 1 }, "\(dtype) \(start)")
        XCTAssertEqual(ulps.reduce(0, +) / Double(count), part, accuracy: 0.04)
        if part == 0 { XCTAssertTrue(ulps.allSatisfy { $0 == 0 }) }
      }
    }
  }

  /// Weights after 300 steps of AdamW on a noisy slope, and the optimizer.
  private func descended(
    _ dtype: DType, _ rounding: HalfRounding, scale: Double = 1
  ) -> (Tensor, any Optimizer) {
    let generator = RandomGenerator(seed: 4)
    let start = (generator.normal([2048]) * scale).cast(to: .bfloat16).cast(to: .float16)
    let model = Two(start.cast(to: dtype), Tensor([1.0], dtype: dtype))
    var optimizer: any Optimizer = AdamW().rounding(rounding)
    for _ in 0..<300 {
      let gradient = generator.normal([2048]) + 0.5
      optimizer.update(model, with: model.gradients(gradient, nil), learningRate: 1e-4)
    }
    return (model.first.value, optimizer)
  }

  func testACompensatedWeightIsItsFloat32ToTheBit() throws {
    let exact = descended(.float32, .nearest).0.elements(Float.self)
    let (weights, optimizer) = descended(.bfloat16, .compensated)
    let rest = try XCTUnwrap(optimizer.states["first"]?.tensors["compensation"]).elements(
      UInt8.self)
    for (index, weight) in weights.elements(Float.self).enumerated() {
      let low = Int16(truncatingIfNeeded: Int(rest[2 * index]) | Int(rest[2 * index + 1]) << 8)
      let bits = UInt32(truncatingIfNeeded: Int(weight.bitPattern) + Int(low))
      XCTAssertEqual(Float(bitPattern: bits), exact[index])
    }
    // In float16 what is kept shows in what weights become: the nearest to float32's.
    let halves = descended(.float16, .compensated).0
    XCTAssertTrue(halves.isIdentical(to: descended(.float32, .nearest).0.cast(to: .float16)))
    // Some of these weights are subnormal halves, whose digits end at 2^-40.
    let small = descended(.float16, .compensated, scale: 1e-3).0.cast(to: .float32)
    let distance = (small - descended(.float32, .nearest, scale: 1e-3).0).abs().max().item()
    XCTAssertLessThanOrEqual(distance, 0x1p-16)
  }

  func testRoundingsByTheirDistanceFromFloat32() {
    let exact = descended(.float32, .nearest).0
    func error(_ rounding: HalfRounding) -> Double {
      (descended(.bfloat16, rounding).0.cast(to: .float32) - exact).abs().mean().item()
    }
    let (nearest, compensated) = (error(.nearest), error(.compensated))
    let stochastic = error(.stochastic(seed: 1))
    print("mean distances of bfloat16 from float32 after 300 steps of AdamW:")
    print("nearest \(nearest), stochastic \(stochastic), compensated \(compensated)")
    XCTAssertLessThan(compensated * 2, stochastic)
    XCTAssertLessThan(stochastic * 1.5, nearest)
  }

  func testTheDefaultKeepsSmallUpdates() {
    let model = Two(Tensor([1.0], dtype: .bfloat16), Tensor([1.0], dtype: .bfloat16))
    var optimizer: any Optimizer = AdamW(weightDecay: 0)
    for _ in 0..<20 {
      optimizer.update(
        model, with: model.gradients(Tensor([1.0], dtype: .bfloat16), nil), learningRate: 1e-3)
    }
    XCTAssertEqual(model.first.value.item(), 0.98, accuracy: 0.002)
    XCTAssertEqual(optimizer.states["first"]?.tensors["compensation"]?.dtype, .uint8)
    XCTAssertEqual(optimizer.states["first"]?.tensors["firstMoment"]?.dtype, .float32)
  }

  func testCompensationIsLessThanAnUlpOfWeightsThatAreSet() {
    for optimizer in [SGD(), PlainDescent()] as [any Optimizer] {
      for dtype in [DType.bfloat16, .float16] {
        var optimizer: any Optimizer = SGD().using(optimizer, for: .all)
        let model = Two(Tensor([1.0, 1, 1, 1], dtype: dtype), Tensor([1.0], dtype: dtype))
        let step = Tensor([0.4, -0.2, 0.4, -0.2]) * dtype.machineEpsilon
        optimizer.update(model, with: model.gradients(step, nil), learningRate: 1)
        let set = Tensor([0, 0, 0x1p-20, 8192], dtype: dtype)
        model.first.value = set
        for _ in 0..<3 {
          optimizer.update(model, with: model.gradients(Tensor.zeros([4]), nil), learningRate: 1)
        }
        XCTAssertTrue(model.first.value.isIdentical(to: set), "\(model.first.value)")
      }
    }
  }

  func testWhatIsNotFiniteStaysSo() {
    for rounding in [HalfRounding.nearest, .compensated, .stochastic(seed: 1)] {
      for dtype in [DType.bfloat16, .float16] {
        let largest = dtype.greatestFiniteMagnitude
        let start = [largest, -largest, .infinity, .nan, 1]
        let model = Two(Tensor(start, dtype: dtype), Tensor([1.0], dtype: dtype))
        var optimizer: any Optimizer = Lion(weightDecay: 0).rounding(rounding)
        for _ in 0..<3 {
          optimizer.update(
            model, with: model.gradients(Tensor.zeros([5]), nil), learningRate: 1)
        }
        let end = model.first.value.elements(Double.self)
        XCTAssertEqual(Array(end[..<3]), Array(start[..<3]), "\(rounding) \(dtype)")
        XCTAssertTrue(end[3].isNaN)
        XCTAssertEqual(end[4], 1)
      }
    }
  }

  /// Two parameters and four steps that move them.
  private struct FourSteps {
    let dtypes: (DType, DType)

    func model() -> Two {
      let generator = RandomGenerator(seed: 2)
      return Two(
        generator.normal([40_003], dtype: dtypes.0), generator.normal([3, 2], dtype: dtypes.1))
    }

    func take(_ range: Range<Int>, _ model: Two, _ optimizer: inout any Optimizer) {
      for step in range {
        let generator = RandomGenerator(seed: UInt64(step))
        let gradients = model.gradients(generator.normal([40_003]), generator.normal([3, 2]))
        optimizer.update(model, with: gradients, learningRate: 1e-3)
      }
    }
  }

  private func assertResumable(_ steps: FourSteps, _ make: () -> any Optimizer, _ name: String)
    throws
  {
    var (one, three) = (make(), make())
    let (model, other) = (steps.model(), steps.model())
    Threads.count = 1
    steps.take(0..<4, model, &one)
    Threads.count = 3
    steps.take(0..<2, other, &three)
    let (weights, state) = (other.state(), three.state())
    three = make()
    try other.load(weights)
    try three.load(state, for: other)
    steps.take(2..<4, other, &three)
    for (path, value) in model.state() {
      XCTAssertTrue(other.state()[path]!.isIdentical(to: value), "\(name) \(path)")
    }
    for (path, value) in one.state() {
      XCTAssertTrue(three.state()[path]?.isIdentical(to: value) == true, "\(name) \(path)")
    }
  }

  func testRunsInHalvesGiveTheSameBitsForAnyNumberOfThreadsAndResumed() throws {
    let threads = Threads.count
    defer { Threads.count = threads }
    let variants: [(DType, DType, HalfRounding, StateType)] = [
      (.bfloat16, .float16, .compensated, .full),
      (.bfloat16, .float16, .stochastic(seed: 3), .full),
      (.bfloat16, .float16, .stochastic(seed: 3), .bfloat16(seed: 3)),
      (.float32, .float32, .compensated, .bfloat16(seed: 3)),
    ]
    for (first, second, rounding, state) in variants {
      for entry in OptimizerCatalog.all {
        func rounded(_ optimizer: some Optimizer) -> any Optimizer {
          optimizer.rounding(rounding).keepingState(in: state)
        }
        try assertResumable(
          FourSteps(dtypes: (first, second)), { rounded(entry.samples[0]) },
          "\(entry.name) \(first) \(rounding) \(state)")
      }
    }
  }

  func testParametersDrawFromStreamsOfTheirOwn() {
    let half = Tensor(repeating: 1, shape: [64], dtype: .bfloat16)
    let model = Two(half, half)
    var optimizer: any Optimizer = SGD().rounding(.stochastic(seed: 1))
    let gradient = Tensor(repeating: -0x1p-8, shape: [64])
    var seen: Set<[Double]> = []
    for _ in 0..<2 {
      model.first.value = half
      model.second.value = half
      optimizer.update(model, with: model.gradients(gradient, gradient), learningRate: 1)
      seen.insert(model.first.value.elements())
      seen.insert(model.second.value.elements())
    }
    XCTAssertEqual(seen.count, 4)
  }

  func testAStateWithoutCompensationIsRefusedWhereItIsKept() throws {
    let model = Two(Tensor([1.0], dtype: .bfloat16), Tensor([1.0]))
    var optimizer: any Optimizer = SGD().rounding(.nearest)
    optimizer.update(
      model, with: model.gradients(Tensor([1.0]), Tensor([1.0])), learningRate: 1)
    var keeping = SGD()
    XCTAssertThrowsError(try keeping.load(optimizer.state(), for: model)) {
      XCTAssertEqual($0 as? StateError, .missing(["first.compensation"]))
    }
  }
}
