import TestSupport
import TrainingKit
import XCTest

/// Steps that are replayed are those that are computed, to the bit.
final class CompiledRunTests: XCTestCase {
  /// Everything that a step may change, and what it reports.
  private func everything<Model: Module>(
    _ run: TrainingRun<Model>, _ outcome: StepOutcome
  ) throws -> [String: String] {
    var state = run.model.state().merging(run.optimizer.state()) { $1 }
    if run.average != nil {
      for (path, tensor) in try run.withAveragedWeights({ $0.state() }) {
        state["average." + path] = tensor
      }
    }
    var found = state.mapValues { "\($0.elements(Double.self).map(\.bitPattern))" }
    let report = outcome.report
    found["report"] =
      "\(outcome.isApplied) \(report.step) \(report.updates) \(report.loss) \(report.gradientNorm) "
      + "\(report.clipFactor) \(String(describing: report.scale)) \(report.missing)"
    found["random"] = "\((run.generator ?? .current).state)"
    return found
  }

  /// Takes the same steps with and without recording.
  private func compare<Model: Module>(
    _ name: String, steps: Int = 9, _ makeRun: () -> TrainingRun<Model>,
    inputs: (Int) -> [Tensor], change: (inout TrainingRun<Model>, Int) throws -> Void = { _, _ in },
    replays: Int? = nil, _ loss: (Model, [Tensor]) throws -> Tensor
  ) throws {
    var runs = [false, true].map { isCompiled in
      var run = makeRun()
      run.isCompiled = isCompiled
      return run
    }
    var calls = [0, 0]
    for step in 0..<steps {
      let batch = inputs(step)
      var found: [[String: String]] = []
      for position in runs.indices {
        try change(&runs[position], step)
        let outcome = try runs[position].step(on: batch) { model, inputs in
          calls[position] += 1
          return try loss(model, inputs)
        }
        found.append(try everything(runs[position], outcome))
      }
      for (key, value) in found[0] where found[1][key] != value {
        XCTFail("\(name): step \(step): \(key)")
      }
    }
    XCTAssertEqual(calls[0], steps, name)
    if let replays { XCTAssertEqual(steps - calls[1], replays, name) }
  }

  private func run<Model: Module>(
    _ model: () -> Model, optimizer: any Optimizer = AdamW(), precision: Precision = .full,
    clipping: Clipping = .globalNorm(0.5), smoothing: GradientSmoothing? = nil,
    average: WeightAverage? = nil
  ) -> TrainingRun<Model> {
    let generator = RandomGenerator(seed: 7)
    return TrainingRun(
      model: withRandomGenerator(generator, model), optimizer: optimizer,
      schedule: .warmup(steps: 2).then(.constant(1e-2)), precision: precision, clipping: clipping,
      smoothing: smoothing, average: average, generator: generator)
  }

  private func images(_ step: Int) -> [Tensor] {
    let generator = RandomGenerator(seed: UInt64(100 + step))
    return [generator.normal([6, 1, 8, 8]), generator.integers([6], in: 0..<3)]
  }

  private func rows(_ step: Int, count: Int = 16) -> [Tensor] {
    let generator = RandomGenerator(seed: UInt64(100 + step))
    return [generator.normal([count, 4]), generator.integers([count], in: 0..<3)]
  }

  private func tokens(_ step: Int) -> [Tensor] {
    [RandomGenerator(seed: UInt64(100 + step)).integers([3, 8], in: 0..<20)]
  }

  private func classes<Model: Module<Tensor, Tensor>>(_ model: Model, _ inputs: [Tensor]) -> Tensor
  {
    crossEntropy(model(inputs[0]), inputs[1])
  }

  private func perceptron() -> Sequential {
    Sequential {
      Linear(4, 8)
      ReLU()
      Linear(8, 3)
    }
  }

  private func convolutional() -> Sequential {
    Sequential {
      Conv2d(1, 4, kernelSize: 3, padding: 1)
      BatchNorm(4)
      ReLU()
      MaxPool2d(2)
      Conv2d(4, 4, kernelSize: 3, padding: 1)
      GELU()
      Dropout(0.2)
      Flatten()
      Linear(64, 3)
    }
  }

  private func gpt() -> GPT {
    var sizes = GPT.Configuration(vocabulary: 20, context: 8, features: 16, heads: 2, layers: 2)
    sizes.dropout = 0.1
    return GPT(sizes)
  }

  private final class Reader: Module {
    let embedding = Embedding(20, 8)
    let recurrent = LSTM(8, 12, layers: 2)
    let head = Linear(12, 20)
    func forward(_ tokens: Tensor) -> Tensor { head(recurrent(embedding(tokens))) }
  }

  func testAPerceptronTrainsTheSame() throws {
    try compare(
      "perceptron", steps: 20, { run(perceptron) }, inputs: { rows($0) }, replays: 14, classes)
  }

  func testAConvolutionalNetworkTrainsTheSame() throws {
    try compare("convolutional", { run(convolutional) }, inputs: images, replays: 4, classes)
  }

  func testAPatientTrainsTheSame() throws {
    try compare("patient", { run { Patient() } }, inputs: { rows($0) }, replays: 4, classes)
  }

  func testLanguageModelsTrainTheSame() throws {
    try compare("GPT", { run(gpt) }, inputs: tokens, replays: 4) {
      causalLanguageModelLoss($0($1[0]), $1[0])
    }
    try compare("LSTM", { run { Reader() } }, inputs: tokens, replays: 4) {
      causalLanguageModelLoss($0($1[0]), $1[0])
    }
  }

  func testMixedPrecisionTrainsTheSame() throws {
    let small = GradScaler(initialScale: 0x1p16, growthInterval: 2)
    for precision in [Precision.mixed(.bfloat16), .mixed(.float16, scaler: small)] {
      try compare("GPT", { run(gpt, precision: precision) }, inputs: tokens) {
        causalLanguageModelLoss($0($1[0]), $1[0])
      }
      try compare(
        "convolutional", { run(convolutional, precision: precision) }, inputs: images, classes)
    }
  }

  func testWhatFollowsTheGradientsIsTheSame() throws {
    for clipping in [Clipping.none, .value(0.01), .parameterNorm(0.1), .unitNorm(), .zScore()] {
      try compare(
        "\(clipping)", { run(perceptron, clipping: clipping) }, inputs: { rows($0) }, classes)
    }
    for optimizer in OptimizerCatalog.all.map({ $0.samples[0] }) {
      try compare(
        "\(optimizer)", { run(perceptron, optimizer: optimizer) }, inputs: { rows($0) }, classes)
    }
    try compare(
      "average", { run(convolutional, average: .exponential(decay: 0.9)) }, inputs: images, classes)
    try compare(
      "smoothing", { run(perceptron, smoothing: GradientSmoothing()) }, inputs: { rows($0) },
      classes)
  }

  func testChangingBatchesTrainTheSame() throws {
    let sizes = [16, 5, 16, 16, 5, 5, 16, 3, 16, 5, 7, 9, 11, 13, 16, 5]
    try compare(
      "batches", steps: 16, { run { Patient() } }, inputs: { rows($0, count: sizes[$0]) }, classes)
    // Parts of one tensor, the last of them with other strides.
    let all = RandomGenerator(seed: 5).normal([64, 8])
    let labels = RandomGenerator(seed: 6).integers([64], in: 0..<3)
    try compare(
      "slices", steps: 12, { run { Patient() } },
      inputs: { step in
        let range = (step * 4)..<(step * 4 + 8)
        let x =
          step < 10 ? all[range, ..<4] : all[range, ..<4].transposed().contiguous().transposed()
        return [x, labels[range]]
      }, classes)
    let both = RandomGenerator(seed: 5).normal([16, 4])
    try compare("one input twice", { run(perceptron) }, inputs: { _ in [both, both] }) {
      $0($1[0]).square().mean() + $1[1].sum()
    }
  }

  func testABadBatchPoisonsNothing() throws {
    try compare(
      "bad batch", steps: 12, { run(convolutional) },
      inputs: { step in
        var batch = images(step)
        if [0, 4, 7].contains(step) { batch[0] = batch[0] * Double.infinity }
        // The loss is finite, and gradients are not.
        if step == 9 { batch[0] = batch[0] * 1e30 }
        return batch
      }, classes)
  }

  func testModesPrecisionAndMembersAreSeen() throws {
    try compare(
      "changes", steps: 26, { run { Patient() } }, inputs: { rows($0) },
      change: { run, step in
        if step == 5 { run.model.evaluate() }
        if step == 8 { run.model.train() }
        if step == 11 { run.precision = .mixed(.bfloat16) }
        if step == 14 { run.precision = .full }
        if step == 17 { run.model.input.weight.isTrainable = false }
        if step == 20 { run.recomputation = .modules("input") }
        if step == 23 { run.recomputation = .none }
      }, classes)
    try compare(
      "a replaced module", steps: 12, { run { Patches() } }, inputs: { rows($0) },
      change: { run, step in
        if step == 6 {
          run.model.head = withRandomGenerator(RandomGenerator(seed: 9)) { Linear(8, 3) }
        }
      }, classes)
  }

  private final class Patches: Module {
    let body = Linear(4, 8)
    var head = Linear(8, 3)
    func forward(_ x: Tensor) -> Tensor { head(body(x).relu()) }
  }

  func testARollbackBetweenReplaysTrainsTheSame() throws {
    var kept: [RunSnapshot] = []
    try compare(
      "rollback", steps: 16, { run(convolutional, average: .exponential(decay: 0.9)) },
      inputs: images,
      change: { run, step in
        if step == 5 || step == 8 { kept.append(run.snapshot()) }
        if step == 11 { try run.restore(kept[run.isCompiled ? 1 : 0]) }
        if step == 13 { try run.withAveragedWeights { _ = $0.state() } }
      }, classes)
  }

  func testASnapshotIsNotWrittenTo() throws {
    var run = run(convolutional)
    run.isCompiled = true
    for step in 0..<6 { _ = try run.step(on: images(step), classes) }
    let (snapshot, optimizer) = (run.snapshot(), run.optimizer)
    let before = snapshot.weights.mapValues { $0.elements(Double.self) }
    let states = optimizer.state().mapValues { $0.elements(Double.self) }
    for step in 6..<9 { _ = try run.step(on: images(step), classes) }
    XCTAssertEqual(snapshot.weights.mapValues { $0.elements(Double.self) }, before)
    XCTAssertEqual(optimizer.state().mapValues { $0.elements(Double.self) }, states)
    XCTAssertNotEqual(run.model.state().mapValues { $0.elements(Double.self) }, before)
  }

  /// Weights and states are held by themselves, as each has a check of its own.
  func testWhatSomebodyHoldsIsNotWrittenTo() throws {
    for isCompiled in [false, true] {
      var run = run(perceptron)
      run.isCompiled = isCompiled
      for step in 0..<4 { _ = try run.step(on: rows(step), classes) }
      for held in [run.model.state, { run.optimizer.state() }] {
        let tensors = held()
        let before = tensors.mapValues { $0.elements(Double.self) }
        for step in 4..<7 { _ = try run.step(on: rows(step), classes) }
        XCTAssertEqual(tensors.mapValues { $0.elements(Double.self) }, before)
        XCTAssertNotEqual(held().mapValues { $0.elements(Double.self) }, before)
      }
    }
  }

  /// Nothing goes into such numbers, and yet they are no constants of a recording.
  func testNoiseInTheLossIsNewAtEveryStep() throws {
    try compare("noise", steps: 12, { run(perceptron) }, inputs: { rows($0) }) { model, inputs in
      crossEntropy(model(inputs[0]) + 0.1 * Tensor.randomNormal([16, 3]), inputs[1])
    }
  }

  func testAMistakeInABatchIsThrownAndChangesNothing() throws {
    var runs = [false, true].map { isCompiled in
      var run = run(convolutional)
      run.isCompiled = isCompiled
      return run
    }
    for step in 0..<8 {
      var batch = images(step)
      if step == 5 { batch[1] = Tensor([0, 1, 2, 3, 0, 1]) }
      var errors: [String] = []
      for position in runs.indices {
        do {
          _ = try runs[position].step(on: batch, classes)
        } catch {
          errors.append("\(error)")
        }
      }
      XCTAssertEqual(errors.count, step == 5 ? 2 : 0)
      XCTAssertEqual(errors.first, errors.last)
      XCTAssertEqual(
        runs[0].model.state().mapValues { $0.elements(Double.self) },
        runs[1].model.state().mapValues { $0.elements(Double.self) })
      XCTAssertEqual(runs[0].generator!.state, runs[1].generator!.state)
    }
  }
}
