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
}
