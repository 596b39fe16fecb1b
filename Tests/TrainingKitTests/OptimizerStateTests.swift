import TestSupport
import TrainingKit
import XCTest

/// State that is kept in bfloat16.
final class OptimizerStateTests: XCTestCase {
  private let half = StateType.bfloat16(seed: 3)

  private func kept(_ optimizer: some Optimizer, _ type: StateType) -> any Optimizer {
    optimizer.keepingState(in: type)
  }

  private func forEverySample(_ body: (any Optimizer) throws -> Void) rethrows {
    for entry in OptimizerCatalog.all {
      try withEvery("sample of \(entry.name)", in: entry.samples.indices) {
        try body(entry.samples[$0])
      }
    }
  }

  private func model(_ dtype: DType = .float32) -> Two {
    let generator = RandomGenerator(seed: 2)
    return Two(generator.normal([30, 41], dtype: dtype), generator.normal([77], dtype: dtype))
  }

  private func gradients(_ model: Two, _ step: Int) -> Gradients {
    let generator = RandomGenerator(seed: UInt64(100 + step))
    return model.gradients(generator.normal([30, 41]), generator.normal([77]))
  }

  /// A mean of squares with a beta2 of 0.999 gets 0.865 of the way in 2,000 steps; to the nearest it stops where a
  /// thousandth of what is left is less than half a unit in its last place.
  func testASecondMomentMovesUnlessRoundedToNearest() throws {
    var nearest = Tensor([0.0], dtype: .bfloat16)
    for _ in 0..<2000 {
      nearest = (nearest.cast(to: .float32) * 0.999 + 0.001).cast(to: .bfloat16)
    }
    let model = Two(Tensor.ones([4096]), Tensor([1.0]))
    var optimizer = kept(AdamW(), half)
    let ones = model.gradients(Tensor.ones([4096]), nil)
    for _ in 0..<2000 { optimizer.update(model, with: ones, learningRate: 1e-4) }
    let moment = try XCTUnwrap(optimizer.states["first"]?.tensors["secondMoment"])
    XCTAssertEqual(moment.dtype, .bfloat16)
    let mean = moment.cast(to: .float32).mean().item()
    print("2,000 squares of 1: \(nearest[0].item()) to the nearest, \(mean) at random")
    XCTAssertLessThan(nearest[0].item(), 0.3)
    XCTAssertEqual(mean, 0.8648, accuracy: 0.005)
    let spread = moment.cast(to: .float32).standardDeviation().item()
    XCTAssertLessThan(spread, 0.06 * 0.8648)
  }

  /// Nothing is rounded before it is used: the first step is that of float32 to the bit, and what is kept of it one of
  /// the two neighbours.
  func testTheFirstStepIsThatOfFloat32() {
    forEverySample { sample in
      // 0.1, which it starts with, is no bfloat16.
      let isExact = (sample as? Adagrad)?.initialSquareSum != 0.1
      var (full, halved) = (kept(sample, .full), kept(sample, half))
      let (one, other) = (model(), model())
      full.update(one, with: gradients(one, 0), learningRate: 0.01)
      halved.update(other, with: gradients(other, 0), learningRate: 0.01)
      for (path, value) in one.state() {
        let got = other.state()[path]!
        expect(
          isExact ? got.isIdentical(to: value) : got.isClose(to: value, absolute: 1e-3),
          "\(path) differs")
      }
      for (name, tensor) in full.state() {
        let got = halved.state()[name]!.cast(to: tensor.dtype)
        expect(got.isClose(to: tensor, relative: isExact ? 0x1p-7 : 0x1p-5), "\(name) differs")
      }
    }
  }

  func testWhatHasTheShapeOfAParameterTakesHalfTheBytes() {
    forEverySample { sample in
      var (full, halved) = (kept(sample, .full), kept(sample, half))
      let model = model()
      full.update(model, with: gradients(model, 0), learningRate: 0.01)
      halved.update(model, with: gradients(model, 0), learningRate: 0.01)
      let shapes = model.state().mapValues(\.shape)
      for (name, tensor) in full.state() where !name.hasSuffix(".step") {
        let path = String(name.prefix { $0 != "." })
        let isHalf = tensor.shape == shapes[path]
        // One of the samples says for itself.
        guard !(sample is Varying<AdamW>) else { continue }
        expect(tensor.dtype == .float32, name)
        expect(halved.state()[name]?.dtype == (isHalf ? .bfloat16 : .float32), name)
      }
    }
    func bytes(_ optimizer: some Optimizer) -> Int {
      MemoryPlan {
        var optimizer: any Optimizer = optimizer
        let model = Two(Tensor.zeros([1 << 20]), Tensor.zeros([1 << 18]))
        let gradients = model.gradients(Tensor.zeros([1 << 20]), Tensor.zeros([1 << 18]))
        optimizer.update(model, with: gradients, learningRate: 0.01)
      }.peakBill[.optimizer]
    }
    let count = 5 << 18
    XCTAssertEqual(bytes(AdamW()), 8 * count)
    XCTAssertEqual(bytes(AdamW().keepingState(in: half)), 4 * count)
    XCTAssertEqual(bytes(AdamW(amsgrad: true).keepingState(in: half)), 6 * count)
    XCTAssertEqual(bytes(SGD(momentum: 0.9).keepingState(in: half)), 2 * count)
  }

  func testTheStateOfFloat64StaysAsItIs() {
    let model = model(.float64)
    var optimizer = kept(Adam(), half)
    optimizer.update(model, with: gradients(model, 0), learningRate: 0.01)
    XCTAssertEqual(optimizer.states["first"]?.tensors["firstMoment"]?.dtype, .float64)
  }

  func testGroupsKeepTheirOwn() {
    let model = model(.bfloat16)
    var optimizer: any Optimizer = AdamW().varying(.path("first"), state: half)
      .using(SGD(momentum: 0.9).keepingState(in: half), for: .path("second"))
    optimizer.update(model, with: gradients(model, 0), learningRate: 0.01)
    let dtypes = optimizer.states.mapValues { $0.tensors.mapValues(\.dtype) }
    XCTAssertEqual(
      dtypes,
      [
        "first": [
          "firstMoment": .bfloat16, "secondMoment": .bfloat16, "compensation": .uint8,
        ],
        "second": ["velocity": .bfloat16, "compensation": .uint8],
      ])
    var other: any Optimizer = AdamW().keepingState(in: half).varying(.path("second"), state: .full)
    other.update(model, with: gradients(model, 0), learningRate: 0.01)
    XCTAssertEqual(other.states["first"]?.tensors["firstMoment"]?.dtype, .bfloat16)
    XCTAssertEqual(other.states["second"]?.tensors["firstMoment"]?.dtype, .float32)
  }

  func testAStateIsConvertedWhereAnotherIsAskedFor() throws {
    let model = model()
    var full = AdamW()
    for step in 0..<3 { full.update(model, with: gradients(model, step), learningRate: 0.01) }
    var changed = kept(full, half)
    changed.update(model, with: gradients(model, 3), learningRate: 0.01)
    XCTAssertEqual(changed.states["first"]?.tensors["secondMoment"]?.dtype, .bfloat16)
    XCTAssertEqual(changed.states["first"]?.step, 4)
    var loaded = kept(AdamW(), half)
    try loaded.load(full.state(), for: model)
    XCTAssertEqual(loaded.states["second"]?.tensors["firstMoment"]?.dtype, .bfloat16)
  }

  func testTensorsDrawFromStreamsOfTheirOwn() {
    // Both moments of every element are 0.001 of the way to 1.
    let model = Two(Tensor.ones([64]), Tensor.ones([64]))
    var optimizer = kept(Adam(beta1: 0.999, beta2: 0.999), half)
    var seen: Set<[Double]> = []
    for _ in 0..<2 {
      for path in ["first", "second"] { optimizer.states[path]?.tensors = [:] }
      let ones = model.gradients(Tensor.ones([64]), Tensor.ones([64]))
      optimizer.update(model, with: ones, learningRate: 0)
      for state in optimizer.states.values {
        for tensor in state.tensors.values { seen.insert(tensor.elements()) }
      }
    }
    XCTAssertEqual(seen.count, 8)
  }

  func testUpdatesOfOnePassTakeNoMemory() {
    for weights in [DType.float32, .bfloat16] {
      let model = model(weights)
      var optimizer = kept(AdamW(amsgrad: true), half)
      let gradients = gradients(model, 0)
      optimizer.update(model, with: gradients, learningRate: 0.01)
      let requests = Device.cpu.memory.requests
      for _ in 0..<3 { optimizer.update(model, with: gradients, learningRate: 0.01) }
      XCTAssertEqual(Device.cpu.memory.requests, requests)
    }
  }

  func testARunResumesToTheBitAndRefusesAnotherState() throws {
    func makeRun(_ type: StateType) -> TrainingRun<Linear> {
      let model = withRandomGenerator(RandomGenerator(seed: 6)) { Linear(8, 3) }
      return TrainingRun(
        model: model, optimizer: AdamW().keepingState(in: type), schedule: .constant(0.01))
    }
    let x = RandomGenerator(seed: 1).normal([16, 8])
    func step(_ run: inout TrainingRun<Linear>) throws {
      _ = try run.step { $0(x).square().mean() }
    }
    var run = makeRun(half)
    for _ in 0..<3 { try step(&run) }
    let checkpoint = try run.checkpoint()
    for _ in 0..<3 { try step(&run) }
    var resumed = makeRun(half)
    try resumed.restore(checkpoint)
    for _ in 0..<3 { try step(&resumed) }
    for (path, value) in run.model.state() {
      XCTAssertTrue(resumed.model.state()[path]!.isIdentical(to: value), path)
    }
    for (name, value) in run.optimizer.state() {
      XCTAssertTrue(resumed.optimizer.state()[name]!.isIdentical(to: value), name)
    }
    for other in [StateType.full, .bfloat16(seed: 4)] {
      var other = makeRun(other)
      XCTAssertThrowsError(try other.restore(checkpoint)) {
        XCTAssertTrue("\($0)".contains("stateType"), "\($0)")
      }
    }
  }
}
