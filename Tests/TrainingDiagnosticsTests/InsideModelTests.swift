import TrainingDiagnostics
import TrainingKit
import XCTest

/// What a look inside a model measures is what a plain sum over its numbers gives.
final class InsideModelTests: XCTestCase {
  /// The details of the first step of a run.
  private func details<Model: Module>(
    _ model: Model, _ optimizer: any Optimizer = AdamW(), _ loss: @escaping (Model) -> Tensor
  ) throws -> StepDetails {
    let run = TrainingRun(model: model, optimizer: optimizer, schedule: .constant(1e-3))
    var watched = WatchedRun(run) { (model: Model, _: Int) in loss(model) }
    _ = try watched.step(0)
    return try XCTUnwrap(watched.record.steps[0].details)
  }

  /// An attention of a query and a key that are given.
  private final class Looking: Module {
    let query, key: Parameter
    let mask: Tensor?
    let isCausal: Bool
    var dropout: ((Tensor) -> Tensor)?

    init(_ generator: RandomGenerator, mask: Tensor? = nil, isCausal: Bool = false) {
      query = Parameter(generator.normal([2, 3, 5, 4]) * 3)
      key = Parameter(generator.normal([2, 3, 6, 4]))
      (self.mask, self.isCausal) = (mask, isCausal)
    }

    func forward(_ x: Tensor) -> Tensor {
      scaledDotProductAttention(
        query: query.value, key: key.value, value: x, mask: mask, isCausal: isCausal,
        dropout: dropout)
    }

    /// The largest score, and the mean share of the entropy, of the first example.
    func expected(isSeen: (_ target: Int, _ source: Int) -> Bool, bias: (Int, Int) -> Double)
      -> (largest: Double, entropy: Double)
    {
      let products = query.value.detached()[0].matmul(key.value.detached()[0].transposed())
      let scores = products.elements(Double.self).map { $0 / 2 }
      var (largest, shares) = (0.0, [Double]())
      for row in 0..<15 {
        let sources = (0..<6).filter { isSeen(row % 5, $0) }
        largest = sources.reduce(largest) { max($0, abs(scores[row * 6 + $1])) }
        guard sources.count > 1 else { continue }
        let weights = sources.map { exp(scores[row * 6 + $0] + bias(row % 5, $0)) }
        let sum = weights.reduce(0, +)
        let entropy = weights.reduce(0) { $0 - $1 / sum * log($1 / sum) }
        shares.append(entropy / log(Double(sources.count)))
      }
      return (largest, shares.reduce(0, +) / Double(shares.count))
    }
  }

  private func expect(
    _ model: Looking, isSeen: (Int, Int) -> Bool = { _, _ in true },
    bias: (Int, Int) -> Double = { _, _ in 0 }, line: UInt = #line
  ) throws {
    let expected = model.expected(isSeen: isSeen, bias: bias)
    let values = RandomGenerator(seed: 3).normal([2, 3, 6, 4])
    let details = try details(model) { $0(values).square().mean() }
    let seen = try XCTUnwrap(
      details.activations.first { $0.operation == "attention" }, line: line)
    XCTAssertEqual(
      try XCTUnwrap(seen.largestScore, line: line), expected.largest, accuracy: 1e-5, line: line)
    XCTAssertEqual(
      try XCTUnwrap(seen.attentionEntropy, line: line), expected.entropy, accuracy: 1e-5, line: line
    )
  }

  func testTheEntropyOfAttentionIsThatOfWhatIsSeen() throws {
    let generator = RandomGenerator(seed: 1)
    try expect(Looking(generator))
    try expect(Looking(generator, isCausal: true)) { $1 <= $0 }
    let hidden = Tensor([0, 1, 1, 0, 1, 1]).cast(to: .bool)
    try expect(Looking(generator, mask: hidden.reshaped([1, 6]))) { $1 % 3 != 0 }
    try expect(Looking(generator, mask: hidden.reshaped([1, 6]), isCausal: true)) {
      $1 % 3 != 0 && $1 <= $0
    }
    // Numbers that are added to the scores, some of which are there to hide.
    let slopes = Tensor.range(0, 6, dtype: .float32) * -0.5
    try expect(Looking(generator, mask: slopes.reshaped([1, 6])), bias: { -0.5 * Double($1) })
    let walls = Tensor([0, -1e9, 0, 0, -10_000, 0]).reshaped([1, 1, 6])
    try expect(Looking(generator, mask: walls)) { $1 != 1 && $1 != 4 }
  }

  func testAttentionWithDropoutIsSeen() throws {
    let model = Looking(RandomGenerator(seed: 2), isCausal: true)
    model.dropout = { $0.dropout(0.5) }
    try expect(model) { $1 <= $0 }
  }

  func testAQueryThatSeesOneKeyHasNoEntropy() throws {
    let only = Tensor([1, 0, 0, 0, 0, 0]).cast(to: .bool).reshaped([1, 6])
    let details = try details(Looking(RandomGenerator(seed: 4), mask: only)) {
      $0(.ones([2, 3, 6, 4])).mean()
    }
    let seen = try XCTUnwrap(details.activations.first { $0.operation == "attention" })
    XCTAssertNil(seen.attentionEntropy)
    XCTAssertGreaterThan(try XCTUnwrap(seen.largestScore), 0)
  }

  func testTheDenominatorsOfSoftmaxAreSeen() throws {
    let generator = RandomGenerator(seed: 5)
    let (x, labels) = (generator.normal([7, 3]) * 4, Tensor([0, 1, 2, 3, 4, 0, 1]))
    let layer = withRandomGenerator(generator) { Linear(3, 5) }
    let losses: [(Linear) -> Tensor] = [
      { crossEntropy($0(x), labels) },
      { crossEntropy($0(x), labels, labelSmoothing: 0.1) },
      { crossEntropy($0(x), labels.oneHot(classes: 5).cast(to: .float32)) },
      { negativeLogLikelihood($0(x).logSoftmax(), labels) },
    ]
    for loss in losses {
      let scores = layer(x).detached().elements(Double.self)
      let rows = (0..<7).map { row in log((0..<5).reduce(0) { $0 + exp(scores[row * 5 + $1]) }) }
      let logits = try XCTUnwrap(try details(layer, SGD(), loss).logits)
      XCTAssertEqual(logits.classes, 5)
      let mean = try XCTUnwrap(logits.meanLogNormalizer)
      XCTAssertEqual(mean, rows.reduce(0, +) / 7, accuracy: 1e-5)
      XCTAssertEqual(logits.largestLogNormalizer, rows.map(abs).max()!, accuracy: 1e-5)
    }
    // Of several the last counts, which is of numbers that are normalized already.
    let twice = try details(layer) { crossEntropy($0(x).logSoftmax(), labels) }.logits
    XCTAssertEqual(try XCTUnwrap(twice?.meanLogNormalizer), 0, accuracy: 1e-5)
    XCTAssertNil(try details(layer) { $0(x).square().mean() }.logits)
  }

  func testEmbeddingsAreKnownByTheirUse() throws {
    let model = GPT(vocabulary: 24, context: 16, features: 32, heads: 4, layers: 1)
    let tokens = RandomGenerator(seed: 6).integers([2, 8], in: 0..<24)
    let parameters = try details(model) { causalLanguageModelLoss($0(tokens), tokens) }.parameters
    XCTAssertEqual(
      parameters.filter { $0.role == .embedding }.map(\.path),
      ["tokenEmbedding.weight", "positionEmbedding.weight"])
  }

  func testWhatTheOptimizerKeepsIsSeen() throws {
    let layer = Linear(3, 5)
    let x = RandomGenerator(seed: 7).normal([4, 3])
    for (optimizer, names) in [
      (AdamW(), ["firstMoment", "secondMoment"]), (SGD(momentum: 0.9), ["velocity"]),
      (StableAdamW(), ["firstMoment", "secondMoment"]),
    ] as [(any Optimizer, [String])] {
      let parameters = try details(layer, optimizer) { $0(x).square().mean() }.parameters
      for parameter in parameters {
        let (moments, gradient) = (
          try XCTUnwrap(parameter.moments), try XCTUnwrap(parameter.gradientRMS)
        )
        XCTAssertEqual(moments.keys.sorted(), names)
        guard let first = moments["firstMoment"] else {
          XCTAssertNil(parameter.secondMomentLag)
          continue
        }
        let share = optimizer is StableAdamW ? 1 : 0.1
        XCTAssertEqual(try XCTUnwrap(first.rms), share * gradient, accuracy: 1e-5)
        XCTAssertEqual(first.largest, share * parameter.gradientLargest!, accuracy: 1e-5)
        // At the first update the mean of squares is the square.
        XCTAssertEqual(try XCTUnwrap(parameter.secondMomentLag), 1, accuracy: 1e-3)
      }
    }
    XCTAssertNil(try details(layer, SGD()) { $0(x).square().mean() }.parameters[0].moments)
  }

  /// One number that a gradient is asked of.
  private final class Number: Module {
    let weight = Parameter(Tensor([0]).cast(to: .float32))
    func forward(_ x: Tensor) -> Tensor { weight.value * x }
  }

  func testTheLagIsTheGradientOverTheRootOfTheMeanSquare() throws {
    // The gradients, and what the last one is beside the corrected mean of squares.
    let gradients = [1.0, 20, 10, 5, 8]
    for beta in [0.9, 0.99, 0.999] {
      var (mean, square) = (0.0, 0.0)
      for gradient in gradients { mean = beta * mean + (1 - beta) * gradient * gradient }
      square = mean / (1 - pow(beta, 5))
      for optimizer in [
        AdamW(beta2: beta), Adam(beta2: beta), StableAdamW(beta2: beta), NAdam(beta2: beta),
        AdamW(beta2: 0.5).varying(.all) { $0.beta2 = beta },
      ] as [any Optimizer] {
        let run = TrainingRun(model: Number(), optimizer: optimizer, schedule: .constant(1e-6))
        var watched = WatchedRun(run, care: Care(examinationInterval: 1)) {
          (model: Number, gradient: Double) in model(Tensor([Float(gradient)])).sum()
        }
        for gradient in gradients { _ = try watched.step(gradient) }
        let parameter = try XCTUnwrap(watched.record.steps.last?.details?.parameters.first)
        let lag = try XCTUnwrap(parameter.secondMomentLag)
        XCTAssertEqual(lag, 8 / square.squareRoot(), accuracy: 0.01 * lag, "\(optimizer)")
      }
    }
  }

  func testTheSecondMomentCanBeMadeToForgetSooner() {
    let remedy = Remedy.optimizerNumber("beta2", to: 0.95)
    XCTAssertEqual("\(remedy)", "set the optimizer's beta2 to 0.95")
    let varying = AdamW().varying(.all, learningRateFactor: 2)
    let optimizers: [any Optimizer] = [AdamW(), varying, SGD()]
    let numbers = optimizers.map { optimizer -> Double? in
      var run = TrainingRun(model: Number(), optimizer: optimizer, schedule: .constant(1))
      remedy.apply(to: &run)
      return (run.optimizer as? AdamW)?.beta2 ?? (run.optimizer as? Varying<AdamW>)?.base.beta2
    }
    XCTAssertEqual(numbers, [0.95, 0.95, nil])
  }
}
