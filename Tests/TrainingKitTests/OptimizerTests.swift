import TestSupport
import TrainingKit
import XCTest

/// A model of one or two vectors.
final class Vectors: Module {
  let weight: Parameter
  let other: Parameter

  init(_ values: [Double] = [1, -2], dtype: DType = .float64) {
    weight = Parameter(Tensor(values, dtype: dtype))
    other = Parameter(Tensor(values, dtype: dtype))
  }

  func forward(_ x: Tensor) -> Tensor { weight.value * x }

  var values: [Double] { weight.value.elements() }

  /// Gradients for `weight` alone.
  func gradients(_ tensor: Tensor) -> Gradients {
    Gradients(paths: ["weight"], missing: ["other"], tensors: ["weight": tensor])
  }

  func gradients(_ values: [Double]) -> Gradients {
    gradients(Tensor(values, dtype: weight.value.dtype))
  }
}

final class OptimizerTests: XCTestCase {
  private func optimizer(_ parity: ParityCase) -> (any Optimizer)? {
    func number(_ name: String, _ standard: Double) -> Double {
      parity.attributes[name]?.number ?? standard
    }
    func flag(_ name: String) -> Bool { parity.attributes[name]?.flag ?? false }
    if flag("maximize") { return nil }
    let (beta1, beta2) = (number("beta1", 0.9), number("beta2", 0.999))
    let epsilon = number("epsilon", 1e-8)
    return switch parity.name {
    case "SGD":
      SGD(
        momentum: number("momentum", 0), dampening: number("dampening", 0),
        weightDecay: number("weightDecay", 0), nesterov: flag("nesterov"))
    case "Adam":
      Adam(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: number("weightDecay", 0),
        amsgrad: flag("amsgrad"))
    case "AdamW":
      AdamW(
        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: number("weightDecay", 0.01),
        amsgrad: flag("amsgrad"))
    case "RMSprop":
      RMSprop(
        alpha: number("alpha", 0.99), epsilon: epsilon, momentum: number("momentum", 0),
        centered: flag("centered"), weightDecay: number("weightDecay", 0))
    default: nil
    }
  }

  func testTwentyStepsFollowPyTorch() throws {
    let file = try FixtureFile("parity")
    var followed = 0
    var farthest: [DType: Double] = [:]
    try withEvery("optimizer", in: try file.cases("optimizer")) { parity in
      guard var optimizer = optimizer(parity) else { return }
      let initial = try XCTUnwrap(file.tensor("initial", of: parity))
      let gradients = try XCTUnwrap(file.tensor("gradients", of: parity))
      let trace = try XCTUnwrap(file.tensor("trace", of: parity))
      let model = Vectors(initial.elements(), dtype: initial.dtype)
      let tolerance = initial.dtype == .float64 ? 1e-12 : 2e-6
      for step in 0..<gradients.shape[0] {
        optimizer.update(
          model, with: model.gradients(gradients[step]),
          learningRate: parity.attributes["learningRate"]!.number)
        for (got, expected) in zip(model.values, trace[step].elements(Double.self)) {
          let distance = abs(got - expected) / max(abs(expected), 1)
          farthest[initial.dtype] = max(farthest[initial.dtype] ?? 0, distance)
          expect(distance <= tolerance, "step \(step): expected \(expected), got \(got)")
        }
      }
      followed += 1
    }
    print("\(followed) optimizer traces within \(farthest) of PyTorch")
    XCTAssertEqual(followed, 46)
  }

  /// The third of three steps from (1, -2) by constant gradients (0.1, -0.2).
  func testThirdStepsArePyTorchs() {
    let golden: [(optimizer: any Optimizer, rate: Double, expected: [Double])] = [
      (SGD(momentum: 0.9), 0.1, [0.9439, -1.8878]),
      (SGD(momentum: 0.9, dampening: 0.5), 0.1, [0.9584, -1.9168]),
      (SGD(momentum: 0.9, nesterov: true), 0.1, [0.91951, -1.83902]),
      (Adam(), 1e-3, [0.9970000003, -1.99700000015]),
      (AdamW(), 1e-3, [0.9969700305998961, -1.9969400307498968]),
      (Adam(weightDecay: 0.1, amsgrad: true), 1e-3, [0.9970000480398042, -1.9970000239861088]),
      (RMSprop(), 1e-2, [0.7710871549426903, -1.7710870629827284]),
      (RMSprop(momentum: 0.9, centered: true), 1e-2, [0.5326809597380466, -1.5326807568118965]),
      (Adagrad(), 1e-2, [0.9771554295145716, -1.9771554295054048]),
      (Adadelta(), 1, [0.990297446262971, -1.9902937282932203]),
      (Adamax(), 2e-3, [0.9940000006, -1.9940000003]),
      (RAdam(), 1e-3, [0.9997, -1.9994]),
    ]
    for (start, rate, expected) in golden {
      var optimizer = start
      let model = Vectors()
      for _ in 0..<3 {
        optimizer.update(model, with: model.gradients([0.1, -0.2]), learningRate: rate)
      }
      for (got, expected) in zip(model.values, expected) {
        XCTAssertEqual(got, expected, accuracy: 1e-11, "\(optimizer)")
      }
    }
  }

  /// PyTorch keeps the product of momenta in float32 here.
  func testNAdamsThirdStepIsPyTorchs() {
    var optimizer = NAdam()
    let model = Vectors()
    for _ in 0..<3 {
      optimizer.update(model, with: model.gradients([0.1, -0.2]), learningRate: 2e-3)
    }
    XCTAssertEqual(model.values[0], 0.9948552939544228, accuracy: 1e-10)
    XCTAssertEqual(model.values[1], -1.9948552936971875, accuracy: 1e-10)
  }

  func testAdafactorsFirstStepsArePyTorchs() {
    var optimizer = Adafactor()
    let model = Vectors()
    for expected in [0.9841886116991581, 0.9685271435843947, 0.9530140137536863] {
      optimizer.update(model, with: model.gradients([0.1, -0.2]), learningRate: 1e-2)
      XCTAssertEqual(model.values[0], expected, accuracy: 1e-12)
    }
  }

  private func forEverySample(_ body: (any Optimizer) throws -> Void) rethrows {
    for entry in OptimizerCatalog.all {
      try withEvery("sample of \(entry.name)", in: entry.samples.indices) {
        try body(entry.samples[$0])
      }
    }
  }

  func testEveryOptimizerFindsTheBottomOfAParabola() {
    forEverySample { sample in
      var optimizer = sample
      // It divides by all gradients so far.
      let isSlow = sample is Adagrad
      let model = Vectors([3, -2])
      for step in 0..<2_000 {
        let gradients = model.gradients(model.values.map { 2 * $0 })
        optimizer.update(
          model, with: gradients, learningRate: (isSlow ? 2 : 0.05) / (1 + Double(step) / 100))
      }
      expect(model.values.allSatisfy { abs($0) < 1e-2 }, "got \(model.values)")
    }
  }

  func testEveryOptimizerGoesOnFromASavedStateToTheSameBits() throws {
    try forEverySample { sample in
      var optimizer = sample
      let model = Vectors(dtype: .float32)
      func step(_ optimizer: inout any Optimizer, _ model: Vectors) {
        optimizer.update(model, with: model.gradients([0.3, -0.7]), learningRate: 0.01)
      }
      for _ in 0..<3 { step(&optimizer, model) }
      let (weights, state) = (model.state(), optimizer.state())
      var resumed = sample
      let copy = Vectors([0, 0], dtype: .float32)
      try copy.load(weights)
      try resumed.load(state, for: copy)
      for _ in 0..<3 {
        step(&optimizer, model)
        step(&resumed, copy)
      }
      expect(model.weight.value.isIdentical(to: copy.weight.value), "weights differ")
      for (name, tensor) in optimizer.state() {
        expect(resumed.state()[name]?.isIdentical(to: tensor) == true, "\(name) differs")
      }
    }
  }

  func testASnapshotStaysAsItIsWhenTrainingMovesOn() {
    forEverySample { sample in
      var optimizer = sample
      let model = Vectors(dtype: .float32)
      optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      let (weights, kept) = (model.state(), optimizer)
      let before = weights["weight"]!.elements(Double.self)
      let state = kept.state()
      let stateBefore = state.mapValues { $0.elements(Double.self) }
      optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      expect(weights["weight"]!.elements() == before, "weights changed")
      expect(state.mapValues { $0.elements() } == stateBefore, "state changed")
      expect(kept.state().mapValues { $0.elements() } == stateBefore, "the copy changed")
      expect(model.values != before, "nothing moved")
    }
  }

  func testUpdatesAreInPlaceWhenNobodyElseHoldsTheMemory() {
    forEverySample { sample in
      // Others keep the old values until nothing can fail any more.
      guard sample is any FusedUpdating || sample is any OneRoomUpdating else { return }
      var optimizer = sample
      let model = Vectors(dtype: .float32)
      optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      func addresses() -> Set<UnsafeMutableRawPointer> {
        let state = optimizer.states["weight"]!.tensors.values.map(\.address)
        return Set([model.weight.value.address] + state)
      }
      let before = addresses()
      for _ in 0..<3 {
        optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      }
      expect(addresses() == before, "memory was copied")
    }
  }

  func testAMissingGradientLeavesAParameterAloneAndAZeroOneDoesNot() {
    forEverySample { sample in
      var optimizer = sample
      let model = Vectors()
      for _ in 0..<2 {
        optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      }
      expect(model.other.value.elements() == [1.0, -2], "other moved")
      expect(optimizer.states["other"] == nil, "other has a state")
      optimizer.update(model, with: model.gradients([0, 0]), learningRate: 0.1)
      expect(optimizer.states["weight"]!.step == 3, "a zero gradient did not count")
    }
  }

  func testAFrozenParameterIsLeftAlone() {
    var optimizer = AdamW()
    let model = Vectors()
    model.weight.isTrainable = false
    optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
    XCTAssertEqual(model.values, [1, -2])
    XCTAssertTrue(optimizer.states.isEmpty)
  }

  func testAParameterThatIsFrozenLaterKeepsItsValueAndState() {
    forEverySample { sample in
      var optimizer = sample
      let model = Vectors()
      optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      let (values, state) = (model.values, optimizer.state())
      model.weight.isTrainable = false
      optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
      expect(model.values == values, "moved")
      for (name, tensor) in optimizer.state() {
        expect(state[name]?.isIdentical(to: tensor) == true, "\(name) changed")
      }
    }
  }

  func testTheGradientScaleIsAFactor() {
    forEverySample { sample in
      var (one, two) = (sample, sample)
      let (a, b) = (Vectors(), Vectors())
      for _ in 0..<3 {
        one.update(a, with: a.gradients([3, -8]), learningRate: 0.1, gradientScale: 0.25)
        two.update(b, with: b.gradients([0.75, -2]), learningRate: 0.1)
      }
      expect(a.values == b.values, "\(a.values) and \(b.values)")
    }
  }

  func testHalvesAreUpdatedThroughFloat32() {
    for dtype in [DType.float16, .bfloat16] {
      var optimizer: any Optimizer = Adam()
      let model = Vectors(dtype: dtype)
      optimizer.update(model, with: model.gradients([1e-4, 0]), learningRate: 0.25)
      XCTAssertEqual(model.weight.value.dtype, dtype)
      XCTAssertEqual(model.values, [0.75, -2])
      XCTAssertEqual(optimizer.states["weight"]?.tensors["firstMoment"]?.dtype, .float32)
    }
  }

  func testGradientsMayBeViews() {
    var optimizer = SGD()
    let model = Vectors()
    let ones = Tensor([1.0], dtype: .float64).broadcast(to: [2])
    optimizer.update(model, with: model.gradients(ones), learningRate: 1)
    XCTAssertEqual(model.values, [0, -3])
  }

  func testAnOptimizerOfOnesOwnIsAFewLines() {
    struct SignDescent: Optimizer {
      var states: [String: ParameterState] = [:]
      var stateNames: [String] { [] }
      func updated(
        _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState,
        learningRate: Double, gradientScale: Double
      ) -> Tensor { value - gradient.sign() * learningRate }
    }
    var optimizer: any Optimizer = SignDescent()
    let model = Vectors()
    optimizer.update(model, with: model.gradients([9, -9]), learningRate: 0.5)
    XCTAssertEqual(model.values, [0.5, -1.5])
    XCTAssertEqual(optimizer.states["weight"]?.step, 1)
  }
}
