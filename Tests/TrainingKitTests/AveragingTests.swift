import Foundation
import TestSupport
import TrainingKit
import XCTest

final class AveragingTests: XCTestCase {
  private func assertMistake(_ sentence: String, _ body: () throws -> Void) {
    XCTAssertThrowsError(try validated(body)) { XCTAssertEqual("\($0)", sentence) }
  }

  private let samples: [WeightAverage] = [
    .exponential(decay: 0.9), .exponential(decay: 0.5, warmup: .ramp, buffers: .average),
    .exponential(decay: 0.9, warmup: .power(), buffers: .skip),
    .exponential(decay: 0.9, warmup: .biasCorrected), .exponential(halfLife: 3),
    .stochastic(every: 1), .stochastic(every: 2, after: 1, buffers: .average),
  ]

  func testTheFirstWeightsAreTakenOverAndStayWhenTheModelMovesOn() {
    for dtype in [DType.float32, .bfloat16] {
      var average = WeightAverage.exponential(decay: 0.5)
      let model = AveragedModel([1, -2], dtype: dtype)
      average.update(from: model)
      var optimizer = SGD()
      let gradient = Tensor.ones([2])
      optimizer.update(
        model, with: Gradients(paths: ["weight"], missing: [], tensors: ["weight": gradient]),
        learningRate: 1)
      XCTAssertEqual(model.values, [0, -3])
      XCTAssertEqual(average.weights["weight"]?.elements(), [1.0, -2])
      average.update(from: model)
      XCTAssertEqual(model.values, [0, -3])
      XCTAssertEqual(average.weights["weight"]?.elements(), [0.5, -2.5])
    }
  }

  func testUpdatesAreInPlaceUnlessSomebodyElseHoldsTheMemory() {
    for dtype in [DType.float32, .float64, .bfloat16] {
      var average = WeightAverage.exponential(decay: 0.5)
      let model = AveragedModel([1, -2], dtype: dtype)
      for _ in 0..<2 { average.update(from: model) }
      func address() -> UnsafeMutableRawPointer { average.weights["weight"]!.address }
      let before = address()
      for value in [5.0, 6] {
        model.set([value, 0])
        average.update(from: model)
        XCTAssertEqual(address(), before, "memory was copied")
      }
      let snapshot = average
      let values = snapshot.weights["weight"]!.elements(Double.self)
      average.update(from: model)
      XCTAssertNotEqual(address(), before)
      XCTAssertEqual(snapshot.weights["weight"]!.elements(), values)
    }
  }

  func testStepsThatTheSettingsDoNotAskForAreWaited() {
    var average = WeightAverage.stochastic(every: 3, after: 2)
    let model = AveragedModel()
    let outcomes = (1...9).map { step in
      model.set([Double(step), 0])
      return average.update(from: model)
    }
    XCTAssertEqual(outcomes.indices.filter { outcomes[$0] == .updated }, [4, 7])
    XCTAssertEqual([average.steps, average.updates], [9, 2])
    XCTAssertEqual(average.weights["weight"]?.elements(), [6.5, 0.0])
  }

  func testANonFiniteParameterIsRefused() {
    for (number, dtype) in [(Double.nan, DType.float64), (.infinity, .float32), (.nan, .bfloat16)] {
      var average = WeightAverage.exponential(decay: 0.5)
      let model = AveragedModel([1, -2], dtype: dtype)
      average.update(from: model)
      model.weight.value = Tensor([3.0, 3], dtype: dtype)
      model.bias.value = Tensor([0, number], dtype: dtype)
      XCTAssertEqual(average.update(from: model), .refused("bias"))
      XCTAssertEqual(average.weights["weight"]?.elements(), [1.0, -2], "half an update")
      XCTAssertEqual([average.steps, average.updates], [2, 1])
      model.bias.value = Tensor([3.0, 3], dtype: dtype)
      XCTAssertEqual(average.update(from: model), .updated)
      XCTAssertEqual(average.weights["bias"]?.elements(), [2, 0.5])
    }
  }

  func testLargeNumbersAreFinite() {
    var average = WeightAverage.exponential(decay: 0.5)
    let model = AveragedModel([1e200, -1e300])
    XCTAssertEqual(average.update(from: model), .updated)
  }

  func testABufferOfInfinitiesIsRefusedOnlyWhereItWouldBeAveraged() {
    let model = AveragedModel()
    model.mean.value = Tensor([-Double.infinity, 0], dtype: .float64)
    for (policy, outcome) in [
      (WeightAverage.BufferPolicy.copy, AverageOutcome.updated), (.skip, .updated),
      (.average, .refused("mean")),
    ] {
      var average = WeightAverage.exponential(buffers: policy)
      XCTAssertEqual(average.update(from: model), outcome)
    }
  }

  func testBuffersFollowTheirPolicy() throws {
    for (policy, mean, count) in [
      (WeightAverage.BufferPolicy.copy, [4.0, 4], 7.0), (.average, [2, 2], 7), (.skip, [9, 9], 8),
    ] {
      var average = WeightAverage.exponential(decay: 0.5, buffers: policy)
      let model = AveragedModel([0, 0])
      average.update(from: model)
      model.set([4, 4])
      model.count.value = Tensor(7)
      average.update(from: model)
      model.set([9, 9])
      model.count.value = Tensor(8)
      try average.withAveragedWeights(of: model) {
        XCTAssertEqual(model.values, [2, 2])
        XCTAssertEqual(model.mean.value.elements(), mean)
        XCTAssertEqual(model.count.value.item(), count)
      }
      XCTAssertEqual(model.mean.value.elements(), [9.0, 9])
      XCTAssertEqual(model.count.value.item(), 8)
    }
  }

  func testASavedAverageGoesOnToTheSameBits() throws {
    try withEvery("average", in: samples) { sample in
      var average = sample
      let model = AveragedModel(dtype: .float32)
      func step(_ average: inout WeightAverage, _ number: Int) {
        model.set([sin(Double(number)), cos(Double(number))])
        average.update(from: model)
      }
      for number in 0..<5 { step(&average, number) }
      let text = try JSONEncoder().encode(average.settings)
      let settings = try JSONDecoder().decode(WeightAverage.Settings.self, from: text)
      expect(settings == average.settings, "settings differ")
      var resumed = WeightAverage(settings)
      try resumed.load(average.state(), for: model)
      for number in 5..<10 {
        step(&average, number)
        step(&resumed, number)
      }
      expect([resumed.steps, resumed.updates] == [average.steps, average.updates], "counts")
      expect(average.state().count == resumed.state().count, "names")
      for (name, tensor) in average.state() {
        expect(resumed.state()[name]?.isIdentical(to: tensor) == true, "\(name) differs")
      }
    }
  }

  func testALoadedStateMustFit() throws {
    var average = WeightAverage.exponential(buffers: .skip)
    let model = AveragedModel()
    average.update(from: model)
    let state = average.state()
    XCTAssertEqual(Set(state.keys), ["steps", "updates", "weights.weight", "weights.bias"])
    func assertRefused(
      _ expected: StateError, _ change: (inout [String: Tensor]) -> Void
    ) {
      var changed = state
      change(&changed)
      var other = WeightAverage(average.settings)
      XCTAssertThrowsError(try other.load(changed, for: model)) {
        XCTAssertEqual($0 as? StateError, expected)
      }
      XCTAssertEqual(other.updates, 0)
      XCTAssertTrue(other.weights.isEmpty)
    }
    assertRefused(.missing(["updates"])) { $0["updates"] = nil }
    assertRefused(.missing(["weights.bias"])) { $0["weights.bias"] = nil }
    assertRefused(.unexpected(["weights.mean"])) { $0["weights.mean"] = Tensor([1.0]) }
    assertRefused(.shape(path: "weights.bias", expected: [2], got: [1])) {
      $0["weights.bias"] = Tensor([1.0])
    }
    let fresh = WeightAverage(average.settings).state()
    XCTAssertNoThrow(try average.load(fresh, for: model))
    XCTAssertEqual(average.updates, 0)
  }

  func testSettingsAreChecked() throws {
    let mistakes: [(String, () -> WeightAverage)] = [
      ("a decay from 0 to below 1, got 1.0", { .exponential(decay: 1) }),
      ("a decay from 0 to below 1, got nan", { .exponential(decay: .nan) }),
      ("a half-life above 0, got 0.0", { .exponential(halfLife: 0) }),
      ("a scale above 0, got 0.0", { .exponential(warmup: .power(scale: 0)) }),
      ("an exponent above 0, got -1.0", { .exponential(warmup: .power(exponent: -1)) }),
      ("an interval of 1 step or more, got 0", { .stochastic(every: 0) }),
      ("a start of 0 or later, got -1", { .stochastic(every: 1, after: -1) }),
    ]
    for (sentence, make) in mistakes {
      assertMistake("WeightAverage: expected " + sentence) { _ = make() }
    }
    let text = try JSONEncoder().encode(WeightAverage.stochastic(every: 3).settings)
    let wrong = String(decoding: text, as: UTF8.self).replacingOccurrences(of: ":3", with: ":0")
    XCTAssertThrowsError(
      try JSONDecoder().decode(WeightAverage.Settings.self, from: Data(wrong.utf8))
    ) { XCTAssertTrue("\($0)".contains("an interval of 1 step or more, got 0"), "\($0)") }
  }

  func testAnotherModelIsAMistake() {
    var average = WeightAverage.exponential(decay: 0.5)
    average.update(from: AveragedModel([1, 2]))
    assertMistake(
      "update: expected the 4 tensors that the average is of, got weight of [3]"
    ) { average.update(from: AveragedModel([1, 2, 3])) }
    assertMistake("update: expected the 4 tensors that the average is of, got 0 tensors") {
      average.update(from: ReLU())
    }
    XCTAssertEqual([average.steps, average.updates], [1, 1])
  }

  func testManyUpdatesTakeNoMoreMemory() {
    var average = WeightAverage.exponential(decay: 0.9)
    let model = AveragedModel(dtype: .float32)
    for _ in 0..<5 { average.update(from: model) }
    let (live, taken) = (Device.cpu.memory.live, Device.cpu.memory.systemAllocations)
    for _ in 0..<200 { average.update(from: model) }
    XCTAssertEqual(Device.cpu.memory.live, live)
    XCTAssertEqual(Device.cpu.memory.systemAllocations, taken)
  }
}

final class AveragingSwapTests: XCTestCase {
  private var average = WeightAverage.exponential(decay: 0.5)
  private let model = AveragedModel([0, 0])

  override func setUp() {
    average.update(from: model)
    model.set([4, 8])
    average.update(from: model)
  }

  private func assertMistake(_ sentence: String, _ body: () throws -> Void) {
    XCTAssertThrowsError(try validated(body)) { XCTAssertEqual("\($0)", sentence) }
  }

  func testTheModelHasTheAveragesMeanwhile() throws {
    let own = model.weight.value
    let result = try average.withAveragedWeights(of: model) {
      XCTAssertEqual(average.updates, 2, "the average may be read meanwhile")
      return model.values
    }
    XCTAssertEqual(result, [2, 4])
    XCTAssertTrue(model.weight.value.isIdentical(to: own))
    XCTAssertEqual(model.weight.value.address, own.address)
  }

  func testTheModelGetsItsWeightsBackWhenTheBodyThrows() {
    struct Stop: Error {}
    XCTAssertThrowsError(
      try average.withAveragedWeights(of: model) {
        model.set([7, 7])
        throw Stop()
      }
    ) { XCTAssertTrue($0 is Stop) }
    XCTAssertEqual(model.values, [4, 8])
    XCTAssertEqual(model.mean.value.elements(), [4.0, 8])
    XCTAssertNoThrow(try average.withAveragedWeights(of: model) {})
  }

  func testAverageOfNothingLeavesTheModelAlone() throws {
    let none = WeightAverage.stochastic(every: 10)
    try none.withAveragedWeights(of: model) { XCTAssertEqual(model.values, [4, 8]) }
  }

  func testADoubleSwapIsAMistake() throws {
    let got = "expected a model with its own weights, got one that has the averages"
    try average.withAveragedWeights(of: model) {
      assertMistake("withAveragedWeights: \(got)") {
        try average.withAveragedWeights(of: model) {}
      }
      assertMistake("swapIn: \(got)") {
        var copy = average
        try copy.swapIn(model)
      }
      assertMistake("update: \(got)") {
        var copy = average
        copy.update(from: model)
      }
      XCTAssertNoThrow(try validated { average.update(from: AveragedModel()) }, "another model")
    }
    try average.swapIn(model)
    XCTAssertEqual(model.values, [1.5, 1])
    assertMistake("swapIn: \(got)") { try average.swapIn(model) }
    assertMistake("withAveragedWeights: \(got)") {
      try average.withAveragedWeights(of: model) {}
    }
    assertMistake("update: \(got)") { average.update(from: model) }
    try average.swapOut(model)
    XCTAssertEqual(model.values, [4, 8])
    assertMistake("swapOut: expected a model that has the averages, got its own weights") {
      try average.swapOut(model)
    }
    XCTAssertEqual(average.update(from: model), .updated)
  }

  func testAModelOfOtherParametersIsRefused() {
    let other = AveragedModel([1])
    XCTAssertThrowsError(try average.withAveragedWeights(of: other) { XCTFail("ran") }) {
      guard case .shape? = $0 as? StateError else { return XCTFail("\($0)") }
    }
    XCTAssertThrowsError(try average.swapIn(other))
    XCTAssertEqual(other.values, [1])
    XCTAssertThrowsError(try average.withAveragedWeights(of: ReLU()) { XCTFail("ran") }) {
      XCTAssertEqual(
        $0 as? StateError, .unexpected(["bias", "count", "mean", "weight"]))
    }
    let larger = Sequential {
      Linear(2, 2)
      Linear(2, 2)
    }
    XCTAssertThrowsError(try average.withAveragedWeights(of: larger) { XCTFail("ran") }) {
      XCTAssertEqual(
        $0 as? StateError, .missing(["0.weight", "0.bias", "1.weight", "1.bias"]))
    }
  }

  func testHalvesStayHalves() throws {
    let half = AveragedModel([1, 2], dtype: .bfloat16)
    var average = WeightAverage.exponential(decay: 0.5)
    average.update(from: half)
    try average.withAveragedWeights(of: half) {
      XCTAssertEqual(half.weight.value.dtype, .bfloat16)
    }
  }
}
