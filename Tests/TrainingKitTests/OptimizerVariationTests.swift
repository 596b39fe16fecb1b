import TestSupport
import TrainingKit
import XCTest

final class OptimizerVariationTests: XCTestCase {
  private func layer() -> Linear {
    withRandomGenerator(RandomGenerator(seed: 3)) { Linear(3, 2) }
  }

  private func zeroGradients(_ model: some Module) -> Gradients {
    let parameters = model.parameters
    return Gradients(
      paths: parameters.map(\.path), missing: [],
      tensors: Dictionary(
        uniqueKeysWithValues: parameters.map {
          ($0.path, Tensor.zeros($0.parameter.value.shape, dtype: $0.parameter.value.dtype))
        }))
  }

  func testNoDecayOnBiasesIsOneLine() {
    let model = layer()
    let (weight, bias) = (model.weight.value, model.bias!.value)
    var optimizer: any Optimizer = AdamW(weightDecay: 0.1)
      .varying(.biasesAndNorms) { $0.weightDecay = 0 }
    optimizer.update(model, with: zeroGradients(model), learningRate: 0.5)
    XCTAssertTrue(model.weight.value.isClose(to: weight * 0.95))
    XCTAssertTrue(model.bias!.value.isIdentical(to: bias))
  }

  /// How far each parameter of a layer moves when all gradients are 1.
  private func distances(_ optimizer: any Optimizer) -> [String: Double] {
    let (model, start) = (layer(), layer())
    var optimizer = optimizer
    optimizer.update(
      model, with: zeroGradients(model).mapped { $1 + 1 }, learningRate: 1)
    return Dictionary(
      uniqueKeysWithValues: zip(model.parameters, start.parameters).map {
        ($0.path, ($1.parameter.value - $0.parameter.value).mean().item())
      })
  }

  func testFactorsMultiplyAndTheLastSettingCounts() {
    let optimizer = SGD().varying(.all, learningRateFactor: 0.5) { $0.momentum = 0.5 }
      .varying(.path("bias"), learningRateFactor: 0.5) { $0.momentum = 0 }
    let moved = distances(optimizer)
    XCTAssertEqual(moved["weight"]!, 0.5, accuracy: 1e-6)
    XCTAssertEqual(moved["bias"]!, 0.25, accuracy: 1e-6)
    var used: any Optimizer = optimizer
    let model = layer()
    used.update(model, with: zeroGradients(model), learningRate: 1)
    XCTAssertEqual(used.states["weight"]?.tensors.keys.sorted(), ["velocity"])
    XCTAssertEqual(used.states["bias"]?.tensors.keys.sorted(), [])
  }

  func testAnotherOptimizerMovesWhatItIsUsedFor() {
    let moved = distances(SGD().using(Lion(weightDecay: 0), for: .path("bias")).rounding(.nearest))
    XCTAssertEqual(moved["weight"]!, 1, accuracy: 1e-6)
    XCTAssertEqual(moved["bias"]!, 1, accuracy: 1e-6)
    let both = distances(
      SGD().using(Lion(weightDecay: 0).varying(.all, learningRateFactor: 0.25), for: .path("bias"))
        .varying(.path("bias"), learningRateFactor: 0.5))
    XCTAssertEqual(both["bias"]!, 0.125, accuracy: 1e-6)
  }

  func testMuonMovesMatricesAndOthersTheRest() {
    let model = layer()
    var optimizer: any Optimizer = Muon(others: SGD(momentum: 0.9))
    optimizer.update(model, with: zeroGradients(model).mapped { $1 + 1 }, learningRate: 0.1)
    XCTAssertEqual(optimizer.states["weight"]?.tensors["velocity"]?.shape, [2, 3])
    XCTAssertEqual(optimizer.states["bias"]?.tensors.keys.sorted(), ["velocity"])
    XCTAssertEqual(distances(Muon(others: SGD()))["bias"]!, 1, accuracy: 1e-6)
    // As an inner optimizer, too, and with settings of its own.
    let inner = SGD().using(
      Muon(others: SGD()).varying(.all) { $0.others = SGD().varying(.all, learningRateFactor: 3) },
      for: .all)
    XCTAssertEqual(distances(inner)["bias"]!, 3, accuracy: 1e-6)
  }

  func testMuonMakesSingularValuesAlike() {
    let gradient = Tensor([[3.0, 0.0, 0.0], [0.0, 0.1, 0.0]], dtype: .float64)
    let model = Two(Tensor.zeros([2, 3], dtype: .float64), Tensor.zeros([2, 3], dtype: .float64))
    var optimizer: any Optimizer = Muon(weightDecay: 0)
    optimizer.update(model, with: model.gradients(gradient, nil), learningRate: 1)
    let moved = model.first.value.elements(Double.self).map(abs)
    XCTAssertTrue((0.65...1.25).contains(moved[0]) && (0.65...1.25).contains(moved[4]), "\(moved)")
    XCTAssertEqual(moved[1] + moved[2] + moved[3] + moved[5], 0)
  }

  func testARunWithGroupsResumesFromItsStateToTheSameBits() throws {
    let x = RandomGenerator(seed: 1).normal([8, 3])
    func makeRun() -> TrainingRun<Linear> {
      TrainingRun(
        model: layer(),
        optimizer: Muon(others: AdamW()).varying(.biasesAndNorms, learningRateFactor: 0.1)
          .using(Adafactor(), for: .path("nothing")), schedule: .constant(0.05))
    }
    func steps(_ run: inout TrainingRun<Linear>) throws {
      for _ in 0..<3 { _ = try run.step { $0(x).square().mean() } }
    }
    var run = makeRun()
    try steps(&run)
    let (weights, state) = (run.model.state(), run.optimizer.state())
    try steps(&run)
    var resumed = makeRun()
    try resumed.model.load(weights)
    try resumed.optimizer.load(state, for: resumed.model)
    try steps(&resumed)
    for (path, value) in run.model.state() {
      XCTAssertTrue(resumed.model.state()[path]!.isIdentical(to: value), path)
    }
    XCTAssertEqual(
      state.keys.sorted(),
      [
        "bias.firstMoment", "bias.secondMoment", "bias.step", "weight.step", "weight.velocity",
      ])
  }

  func testAVariationTakesOverTheStatesOfItsBase() {
    let model = layer()
    var plain = AdamW()
    plain.update(model, with: zeroGradients(model), learningRate: 0.1)
    let varied = plain.varying(.path("bias"), learningRateFactor: 0.5)
    XCTAssertEqual(varied.states["weight"]?.step, 1)
    XCTAssertTrue(varied.base.states.isEmpty)
  }

  func testUpdatesOfGroupsAreInPlace() {
    let model = layer()
    var optimizer: any Optimizer = AdamW().varying(.biasesAndNorms) { $0.weightDecay = 0 }
    func addresses() -> Set<UnsafeMutableRawPointer> {
      Set(
        model.parameters.map(\.parameter.value.address)
          + optimizer.states.values.flatMap { $0.tensors.values.map(\.address) })
    }
    optimizer.update(model, with: zeroGradients(model), learningRate: 0.1)
    let before = addresses()
    for _ in 0..<3 { optimizer.update(model, with: zeroGradients(model), learningRate: 0.1) }
    XCTAssertEqual(addresses(), before)
  }

  func testMistakesAreReportedWhereTheyAreMade() {
    func assertMistake(_ sentence: String, _ body: () -> Void) {
      XCTAssertThrowsError(try validated(body)) { XCTAssertEqual("\($0)", sentence) }
    }
    assertMistake("AdamW: expected weightDecay of 0 or more, got nan") {
      _ = AdamW().varying(.all) { $0.weightDecay = .nan }
    }
    assertMistake("varying: expected learningRateFactor of 0 or more, got -1.0") {
      _ = AdamW().varying(.all, learningRateFactor: -1)
    }
    assertMistake("varying: expected learningRateFactor of 0 or more, got nan") {
      _ = AdamW().varying(.all, learningRateFactor: .nan)
    }
  }
}
