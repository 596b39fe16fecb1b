import TrainingKit
import XCTest

/// A model with a batch, and steps of training it as work that can be planned and done.
struct MemorySubject {
  struct Options {
    var precision = Precision.full
    var optimizer: any Optimizer = AdamW()
    var parts = 1
    var clipping = Clipping.globalNorm(1)
    var smoothing: GradientSmoothing?
    var average: WeightAverage?
    var weights = DType.float32
    var rounding = HalfRounding.compensated
    var state = StateType.full
    var stateFile: StateFile?
    var isCounted = false
    var recomputation = Recomputation.none
  }

  let name: String
  private let visiting: (Options, any MemorySubjectVisitor) throws -> Int

  private init<Model: Module>(
    _ name: String, _ makeModel: @escaping () -> Model, batch makeBatch: @escaping () -> Batch,
    loss: @escaping (Model, Batch) -> LossSum
  ) {
    self.name = name
    visiting = { options, visitor in
      var run = Self.run(makeModel(), options)
      let batch = makeBatch()
      let parts = options.parts > 1 ? batch.split(size: batch.count / options.parts) : [batch]
      return try visitor.visit(&run) { run in
        options.parts > 1 || options.isCounted
          ? try run.step(accumulating: parts, loss)
          : try run.step { loss($0, batch).mean }
      }
    }
  }

  /// Has a new run and its step visited; the same each time.
  func visit(_ options: Options, _ visitor: some MemorySubjectVisitor) throws -> Int {
    try withRandomGenerator(RandomGenerator(seed: 1)) { try visiting(options, visitor) }
  }

  /// Three steps from nothing to nothing.
  func work(_ options: Options) -> () throws -> Void {
    { _ = try visit(options, ThreeSteps(name: name)) }
  }

  private struct ThreeSteps: MemorySubjectVisitor {
    let name: String

    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      for _ in 0..<3 {
        let outcome = try step(&run)
        if !outcome.isApplied { XCTFail("\(name): \(outcome)") }
      }
      return 3
    }
  }

  static func run<Model: Module>(_ model: Model, _ options: Options) -> TrainingRun<Model> {
    if options.weights != .float32 { model.convert(to: options.weights) }
    func kept(_ optimizer: some Optimizer) -> any Optimizer {
      optimizer.rounding(options.rounding).keepingState(in: options.state)
    }
    var run = TrainingRun(
      model: model, optimizer: kept(options.optimizer), schedule: .constant(1e-3),
      precision: options.precision, clipping: options.clipping, smoothing: options.smoothing,
      average: options.average)
    (run.recomputation, run.stateFile) = (options.recomputation, options.stateFile)
    return run
  }

  private static func batch(_ shape: Shape, classes: Int) -> Batch {
    Batch(
      x: .randomNormal(shape), y: .randomIntegers([shape[0]], in: 0..<classes),
      indices: Array(0..<shape[0]))
  }

  private static func tokens(_ shape: Shape, vocabulary: Int) -> Batch {
    let tokens = Tensor.randomIntegers(shape, in: 0..<vocabulary)
    return Batch(x: tokens, y: tokens, indices: Array(0..<shape[0]))
  }

  static var all: [MemorySubject] { [perceptron, convolutional, gpt, bert, recurrent] }

  static var perceptron: MemorySubject {
    MemorySubject("perceptron") {
      Sequential {
        Linear(64, 128)
        BatchNorm(128)
        GELU()
        Dropout(0.1)
        Linear(128, 10)
      }
    } batch: {
      batch([32, 64], classes: 10)
    } loss: { model, batch in
      crossEntropy(model(batch.x.cast(to: model.dtype)), batch.y, reduction: .counted)
    }
  }

  static var convolutional: MemorySubject {
    MemorySubject("convolutional") {
      Sequential {
        Conv2d(1, 8, kernelSize: 3, padding: 1)
        BatchNorm(8)
        ReLU()
        MaxPool2d(2)
        Conv2d(8, 16, kernelSize: 3, padding: 1)
        SiLU()
        Flatten()
        Linear(16 * 4 * 4, 10)
      }
    } batch: {
      batch([8, 1, 8, 8], classes: 10)
    } loss: { model, batch in
      crossEntropy(model(batch.x.cast(to: model.dtype)), batch.y, reduction: .counted)
    }
  }

  static var gpt: MemorySubject {
    MemorySubject("GPT") {
      var sizes = GPT.Configuration(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 2)
      sizes.dropout = 0.1
      return GPT(sizes)
    } batch: {
      tokens([8, 16], vocabulary: 40)
    } loss: { model, batch in
      causalLanguageModelLoss(model(batch.x), batch.y, reduction: .counted)
    }
  }

  static var bert: MemorySubject {
    MemorySubject("BERT") {
      BERT(.init(vocabulary: 40, context: 16, features: 32, heads: 4, layers: 2))
    } batch: {
      tokens([8, 16], vocabulary: 40)
    } loss: { model, batch in
      maskedLanguageModelLoss(model(batch.x), batch.y, reduction: .counted)
    }
  }

  private final class Reader: Module {
    let embedding = Embedding(40, 16)
    let recurrent = LSTM(16, 24, layers: 2)
    let head = Linear(24, 40)
    func forward(_ tokens: Tensor) -> Tensor { head(recurrent(embedding(tokens))) }
  }

  static var recurrent: MemorySubject {
    MemorySubject("LSTM") {
      Reader()
    } batch: {
      tokens([8, 4], vocabulary: 40)
    } loss: { model, batch in
      causalLanguageModelLoss(model(batch.x), batch.y, reduction: .counted)
    }
  }
}

extension Module {
  fileprivate var dtype: DType { parameters[0].parameter.value.dtype }
}

/// What is done with a run of any model.
protocol MemorySubjectVisitor {
  func visit<Model: Module>(
    _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
  ) throws -> Int
}
