import TestSupport
import TrainingKit
import XCTest

final class OptimizerMistakeTests: XCTestCase {
  private func assertMistake(_ sentence: String, _ body: () throws -> Void) {
    XCTAssertThrowsError(try validated(body)) { XCTAssertEqual("\($0)", sentence) }
  }

  func testHyperParametersAreCheckedAtTheStart() {
    assertMistake("Adam: expected beta1 from 0 to below 1, got 1.0") { _ = Adam(beta1: 1) }
    assertMistake("AdamW: expected beta2 from 0 to below 1, got -0.1") { _ = AdamW(beta2: -0.1) }
    assertMistake("AdamW: expected epsilon of 0 or more, got -1e-08") {
      _ = AdamW(epsilon: -1e-8)
    }
    assertMistake("SGD: expected weightDecay of 0 or more, got nan") {
      _ = SGD(weightDecay: .nan)
    }
    assertMistake("SGD: expected momentum of 0 or more, got inf") { _ = SGD(momentum: .infinity) }
    assertMistake("RMSprop: expected alpha from 0 to below 1, got 1.5") {
      _ = RMSprop(alpha: 1.5)
    }
    assertMistake(
      "SGD: expected a momentum above 0 and no dampening with nesterov, "
        + "got momentum 0.0 and dampening 0.0"
    ) { _ = SGD(nesterov: true) }
  }

  func testNoHyperParameterIsNaN() {
    let nan = Double.nan
    let makers: [() -> Any] = [
      { SGD(momentum: nan) }, { SGD(dampening: nan) }, { SGD(weightDecay: nan) },
      { Adam(beta1: nan) }, { Adam(beta2: nan) }, { Adam(epsilon: nan) },
      { Adam(weightDecay: nan) }, { AdamW(beta1: nan) }, { AdamW(beta2: nan) },
      { AdamW(epsilon: nan) }, { AdamW(weightDecay: nan) }, { RMSprop(alpha: nan) },
      { RMSprop(epsilon: nan) }, { RMSprop(momentum: nan) }, { RMSprop(weightDecay: nan) },
      { NAdam(beta1: nan) }, { NAdam(beta2: nan) }, { NAdam(epsilon: nan) },
      { NAdam(weightDecay: nan) }, { NAdam(momentumDecay: nan) }, { RAdam(beta1: nan) },
      { RAdam(beta2: nan) }, { RAdam(epsilon: nan) }, { RAdam(weightDecay: nan) },
      { Adamax(beta1: nan) }, { Adamax(beta2: nan) }, { Adamax(epsilon: nan) },
      { Adamax(weightDecay: nan) }, { Adagrad(learningRateDecay: nan) },
      { Adagrad(initialSquareSum: nan) }, { Adagrad(epsilon: nan) },
      { Adagrad(weightDecay: nan) }, { Adadelta(rho: nan) }, { Adadelta(epsilon: nan) },
      { Adadelta(weightDecay: nan) }, { Adafactor(decayExponent: nan) },
      { Adafactor(epsilon: nan) }, { Adafactor(scaleEpsilon: nan) },
      { Adafactor(clippingThreshold: nan) }, { Adafactor(weightDecay: nan) },
      { Lion(beta1: nan) }, { Lion(beta2: nan) }, { Lion(weightDecay: nan) },
      { LAMB(beta1: nan) }, { LAMB(beta2: nan) }, { LAMB(epsilon: nan) },
      { LAMB(weightDecay: nan) }, { StableAdamW(beta1: nan) }, { StableAdamW(beta2: nan) },
      { StableAdamW(epsilon: nan) }, { StableAdamW(weightDecay: nan) }, { Muon(momentum: nan) },
      { Muon(weightDecay: nan) }, { Muon(epsilon: nan) }, { Muon(coefficients: [1, nan, 1]) },
    ]
    for (index, make) in makers.enumerated() {
      XCTAssertThrowsError(try validated { _ = make() }, "maker \(index)") {
        XCTAssertTrue("\($0)".hasSuffix("got nan"), "\($0)")
      }
    }
  }

  func testOptionsWithRangesOfTheirOwnAreCheckedAtEveryChange() {
    var adafactor = Adafactor(epsilon: 1e-5)
    assertMistake("Adafactor: expected epsilon of 0 or more, got -1.0") { adafactor.epsilon = -1 }
    XCTAssertEqual(adafactor.epsilon, 1e-5)
    assertMistake("Adafactor: expected decayExponent of 0 or less, got 0.8") {
      adafactor.decayExponent = 0.8
    }
    var muon = Muon()
    assertMistake("Muon: expected 1 to 99 iterations, got 100") { muon.iterations = 100 }
    XCTAssertEqual(muon.iterations, 5)
    assertMistake("Muon: expected a floating-point precision, got int64") {
      muon.precision = .int64
    }
    XCTAssertEqual(muon.precision, .bfloat16)
    assertMistake("Muon: expected coefficients that is finite, got inf") {
      muon.coefficients[0] = .infinity
    }
    XCTAssertEqual(muon.coefficients[0], 3.4445)
    assertMistake("Adadelta: expected rho from 0 to 1, got 1.5") { _ = Adadelta(rho: 1.5) }
  }

  func testHyperParametersAreCheckedAtEveryChange() {
    var optimizer = Adam()
    assertMistake("Adam: expected epsilon of 0 or more, got nan") { optimizer.epsilon = .nan }
    XCTAssertEqual(optimizer.epsilon, 1e-8)
    var descent = SGD(momentum: 0.9, nesterov: true)
    XCTAssertThrowsError(try validated { descent.dampening = 0.5 })
    XCTAssertNoThrow(try validated { descent = SGD(momentum: 0.5) })
  }

  func testALearningRateIsChecked() {
    for rate in [-1, .nan, .infinity] {
      var optimizer = SGD()
      let model = Vectors()
      assertMistake("update: expected a learning rate of 0 or more, got \(rate)") {
        optimizer.update(model, with: model.gradients([1, 1]), learningRate: rate)
      }
      XCTAssertEqual(model.values, [1, -2])
    }
  }

  func testAGradientScaleIsChecked() {
    for scale in [Double.nan, .infinity] {
      var optimizer = SGD()
      let model = Vectors()
      assertMistake("update: expected a gradient scale that is finite, got \(scale)") {
        optimizer.update(
          model, with: model.gradients([1, 1]), learningRate: 1, gradientScale: scale)
      }
      XCTAssertEqual(model.values, [1, -2])
    }
  }

  func testAGradientOfAnotherShapeChangesNothing() {
    var optimizer = Adam()
    let model = Vectors()
    let gradients = Gradients(
      paths: ["weight", "other"], missing: [],
      tensors: ["weight": Tensor.ones([2], dtype: .float64), "other": Tensor.ones([3])])
    assertMistake("update: expected a gradient of [2] for other, got [3]") {
      optimizer.update(model, with: gradients, learningRate: 0.1)
    }
    XCTAssertEqual(model.values, [1, -2])
  }

  func testAnUpdateThatLacksMemoryChangesNothing() {
    final class Huge: Module {
      let small = Parameter(Tensor([1.0]))
      let huge = Parameter(Tensor([1.0]).broadcast(to: [1 << 45]))
      func forward(_ x: Tensor) -> Tensor { x }
    }
    var optimizer = SGD()
    let model = Huge()
    let gradients = Gradients(
      paths: ["small", "huge"], missing: [],
      tensors: ["small": Tensor.ones([1]), "huge": Tensor.ones([1]).broadcast(to: [1 << 45])])
    XCTAssertThrowsError(
      try validated { optimizer.update(model, with: gradients, learningRate: 1) }
    ) { XCTAssertTrue($0 is DeviceError, "\($0)") }
    XCTAssertEqual(model.small.value.elements(), [1.0])
    XCTAssertFalse(model.huge.value.isHollow)
  }

  func testALoadedStateMustFit() throws {
    let model = Vectors()
    var optimizer = SGD(momentum: 0.9)
    optimizer.update(model, with: model.gradients([1, 1]), learningRate: 0.1)
    var adam = Adam()
    func assertRefused(_ state: [String: Tensor], _ expected: StateError) {
      XCTAssertThrowsError(try adam.load(state, for: model)) {
        XCTAssertEqual("\($0)", "\(expected)")
      }
      XCTAssertTrue(adam.states.isEmpty)
    }
    assertRefused(
      optimizer.state(), .missing(["weight.firstMoment", "weight.secondMoment"]))
    assertRefused(["stray": Tensor([1.0])], .unexpected(["stray"]))
    for step in [Double.nan, -1, 0.5] {
      assertRefused(
        [
          "weight.step": Tensor(step), "weight.firstMoment": Tensor.ones([2]),
          "weight.secondMoment": Tensor.ones([2]),
        ], .count(path: "weight.step", got: step))
    }
    assertRefused(
      [
        "weight.step": Tensor(1), "weight.firstMoment": Tensor.ones([3]),
        "weight.secondMoment": Tensor.ones([2]),
      ], .shape(path: "weight.firstMoment", expected: [2], got: [3]))
  }
  func testALoadedStateIsOfTheDtypeThatIsKept() throws {
    let model = Vectors(dtype: .float32)
    var adam = Adam()
    try adam.load(
      [
        "weight.step": Tensor(3), "weight.firstMoment": Tensor([0.5, 2], dtype: .float16),
        "weight.secondMoment": Tensor([0.5, 2], dtype: .float64),
      ], for: model)
    XCTAssertEqual(adam.states["weight"]?.step, 3)
    for name in adam.stateNames {
      XCTAssertEqual(adam.states["weight"]?.tensors[name]?.dtype, .float32)
      XCTAssertEqual(adam.states["weight"]?.tensors[name]?.elements(), [0.5, 2.0])
    }
  }

  func testAdafactorKeepsRowsAndColumnsOfStacksOfMatrices() throws {
    let model = Two(Tensor.ones([2, 3, 4]), Tensor.ones([5]))
    var optimizer = Adafactor()
    let gradients = model.gradients(Tensor.ones([2, 3, 4]), Tensor.ones([5]))
    optimizer.update(model, with: gradients, learningRate: 0.1)
    let shapes = optimizer.state().mapValues(\.shape)
    XCTAssertEqual(
      shapes,
      [
        "first.step": [], "first.rowVariance": [2, 3, 1], "first.columnVariance": [2, 1, 4],
        "second.step": [], "second.variance": [5],
      ])
    var loaded = Adafactor()
    try loaded.load(optimizer.state(), for: model)
    var state = optimizer.state()
    state["first.rowVariance"] = Tensor.ones([2, 3, 4])
    XCTAssertThrowsError(try loaded.load(state, for: model)) {
      XCTAssertEqual(
        $0 as? StateError,
        .shape(path: "first.rowVariance", expected: [2, 3, 1], got: [2, 3, 4]))
    }
  }

  func testMuonTakesMatricesAlone() {
    var state = ParameterState()
    state.step = 1
    assertMistake("Muon: expected a matrix [rows, columns], got [2]") {
      _ = Muon().updated(
        Tensor([1.0, 2]), gradient: Tensor([1.0, 1]), state: &state, learningRate: 1,
        gradientScale: 1)
    }
  }
}
