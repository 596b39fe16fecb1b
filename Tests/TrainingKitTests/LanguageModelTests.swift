import Foundation
import TestSupport
import TrainingKit
import XCTest

/// What is true of GPT, BERT and what they are trained with.
final class LanguageModelTests: XCTestCase {
  private func configuration() -> GPT.Configuration {
    var configuration = GPT.Configuration(
      vocabulary: 9, context: 8, features: 16, heads: 2, layers: 2)
    configuration.positions = .rotary()
    configuration.norm = .rmsNorm()
    configuration.activation = .swiGLU
    configuration.queryKeyNorm = .rmsNorm()
    configuration.bias = false
    return configuration
  }

  private func model() -> GPT {
    withRandomGenerator(RandomGenerator(seed: 1)) { GPT(configuration()) }
  }

  func testTiedEmbeddingsAreOneParameter() {
    let model = model()
    XCTAssertTrue(model.head.weight === model.tokenEmbedding.weight)
    XCTAssertEqual(model.parameters.filter { $0.path.contains("mbedding") }.count, 1)
    XCTAssertFalse(model.parameters.contains { $0.path.hasPrefix("head") })
    XCTAssertFalse(model.parameters.contains { $0.path.hasSuffix("bias") })
    XCTAssertNil(model.state()["head.weight"])
    let tokens = Tensor([[1, 2, 3]])
    // Of a table that both uses share, the gradient is the sum of the gradients of two tables.
    var separate = configuration()
    separate.tiesEmbeddings = false
    let other = GPT(separate)
    var state = model.state()
    state["head.weight"] = state["tokenEmbedding.weight"]
    XCTAssertNoThrow(try other.load(state))
    let parts = other.gradients(of: causalLanguageModelLoss(other(tokens), tokens))
    let whole = model.gradients(of: causalLanguageModelLoss(model(tokens), tokens))
    let sum = parts["tokenEmbedding.weight"]! + parts["head.weight"]!
    XCTAssertTrue(whole["tokenEmbedding.weight"]!.isClose(to: sum, relative: 1e-5, absolute: 1e-7))
  }

  func testTheStartIsThatOfGPT2() {
    var sizes = configuration()
    sizes.features = 64
    sizes.bias = true
    let model = withRandomGenerator(RandomGenerator(seed: 1)) { GPT(sizes) }
    for named in model.parameters where named.parameter.value.rank > 1 {
      let isSmall =
        named.path.hasSuffix("projection.weight") || named.path.hasSuffix("contract.weight")
      let expected = isSmall ? 0.01 : 0.02
      let got = named.parameter.value.standardDeviation().item()
      XCTAssertEqual(got, expected, accuracy: 0.1 * expected, named.path)
    }
    XCTAssertEqual(model.blocks[0].feedForward.expand.bias!.value.abs().max().item(), 0)
    // At the start no token is likelier than another by much.
    let loss = causalLanguageModelLoss(model(Tensor([[0, 1, 2, 3]])), Tensor([[0, 1, 2, 3]]))
    XCTAssertEqual(loss.item(), 9.0.log, accuracy: 0.1)
  }

  func testAConfigurationSurvivesBeingWritten() throws {
    let data = try JSONEncoder().encode(configuration())
    XCTAssertEqual(try JSONDecoder().decode(GPT.Configuration.self, from: data), configuration())
    XCTAssertNotEqual(
      configuration(),
      GPT.Configuration(vocabulary: 9, context: 8, features: 16, heads: 2, layers: 2))
  }

  func testRotaryPositionsDependOnDistanceOnly() {
    let generator = RandomGenerator(seed: 2)
    let (q, k) = (generator.normal([1, 8]), generator.normal([1, 8]))
    func score(_ i: Int, _ j: Int) -> Double {
      (q.rotaryEmbedding(start: i) * k.rotaryEmbedding(start: j)).sum().item()
    }
    XCTAssertEqual(score(3, 1), score(12, 10), accuracy: 1e-5)
    XCTAssertNotEqual(score(3, 1), score(3, 2), accuracy: 1e-3)
    XCTAssertEqual(q.rotaryEmbedding(start: 5).norm().item(), q.norm().item(), accuracy: 1e-5)
  }

  func testQueryKeyNormsLimitScores() {
    let x = RandomGenerator(seed: 3).normal([1, 4, 8])
    let layer = SelfAttention(8, heads: 2, queryKeyNorm: .layerNorm())
    let before = layer(x)
    let grown = layer.qkv.weight.value.detached()
    let factor = concatenate([Tensor.ones([16, 1]) * 1000, Tensor.ones([8, 1])])
    layer.qkv.weight.value = grown * factor
    layer.qkv.bias!.value = layer.qkv.bias!.value.detached() * factor.flattened()
    // Queries and keys a thousand times as large meet as before, up to the norm's epsilon.
    XCTAssertTrue(layer(x).isClose(to: before, relative: 1e-2, absolute: 1e-3))
  }

  func testGenerationGoesOnAsItWasTaught() throws {
    let model = model()
    let text = Tensor((0..<64).map { $0 % 5 })
    var run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-2))
    let rows = stack((0..<8).map { text[($0)..<($0 + 8)] })
    for _ in 0..<60 { _ = try run.step { causalLanguageModelLoss($0(rows), rows, zLoss: 1e-4) } }
    let greedy = model.generate(Tensor([[0, 1, 2]]), count: 9, temperature: 0)
    XCTAssertEqual(greedy.elements(Int.self), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
    let drawn = model.generate(Tensor([[3]]), count: 4, temperature: 0.5, topK: 1)
    XCTAssertEqual(drawn.elements(Int.self), [3, 4, 0, 1, 2])
    XCTAssertTrue(model.isTraining)
  }

  func testDrawsFollowTheProbabilities() {
    let model = model()
    model.head.weight.value = model.head.weight.value.detached() * 20
    model.evaluate()
    let prompt = Tensor([[1, 2]])
    let expected = model(prompt)[0, -1].softmax()
    let many = prompt.repeated(4000, 1)
    let drawn = model.generate(many, count: 1, generator: RandomGenerator(seed: 5))[.all, -1]
    let shares = drawn.oneHot(classes: 9, dtype: .float32).mean(axis: 0)
    XCTAssertLessThan((shares - expected).abs().max().item(), 0.03)
    let again = model.generate(many, count: 1, generator: RandomGenerator(seed: 5))[.all, -1]
    XCTAssertTrue(again.isIdentical(to: drawn))
    let few = model.generate(many, count: 1, topK: 2)[.all, -1].elements(Int.self)
    XCTAssertEqual(Set(few), Set(expected.topK(2).indices.elements(Int.self)))
  }

  func testGenerationChecksItsArguments() {
    let model = model()
    let prompt = Tensor([[1]])
    XCTAssertThrowsError(try validated { model.generate(Tensor([1]), count: 1) })
    XCTAssertThrowsError(try validated { model.generate(prompt, count: -1) })
    XCTAssertThrowsError(try validated { model.generate(prompt, count: 1, temperature: -1) })
    XCTAssertThrowsError(try validated { model.generate(prompt, count: 1, topK: 10) }) {
      XCTAssertEqual("\($0)", "generate: expected topK in 1 … 9, got 10")
    }
    XCTAssertThrowsError(try validated { model.generate(Tensor([[9]]), count: 2) }) {
      XCTAssertTrue("\($0)".hasPrefix("tokenEmbedding: "), "\($0)")
    }
    XCTAssertEqual(model.generate(prompt, count: 0).elements(Int.self), [1])
  }

  func testLossesCountWhatTakesPart() {
    let logits = RandomGenerator(seed: 6).normal([2, 4, 5], dtype: .float64)
    let tokens = Tensor([[1, 2, 3, 4], [0, 1, -100, -100]])
    let plain = causalLanguageModelLoss(logits, tokens)
    let rows = concatenate([logits[0, ..<3], logits[1, ..<1]])
    let next = Tensor([2, 3, 4, 1])
    let expected = crossEntropy(rows, next)
    XCTAssertEqual(plain.item(), expected.item(), accuracy: 1e-12)
    let drift = rows.logSumExp(axes: [-1]).square().mean()
    let both = causalLanguageModelLoss(logits, tokens, zLoss: 0.1)
    XCTAssertEqual(both.item(), (expected + drift * 0.1).item(), accuracy: 1e-12)
    let nothing = maskedLanguageModelLoss(
      logits, Tensor.zeros([2, 4], dtype: .int64) - 100, zLoss: 1)
    XCTAssertEqual(nothing.item(), 0)
    let shifted = maskedLanguageModelLoss(logits[.all, ..<3], tokens[.all, 1...], zLoss: 0.1)
    XCTAssertEqual(shifted.item(), both.item(), accuracy: 1e-12)
    XCTAssertThrowsError(try validated { causalLanguageModelLoss(logits, Tensor([[1, 2]])) })
    XCTAssertThrowsError(
      try validated { causalLanguageModelLoss(logits[.all, ..<1], tokens[.all, ..<1]) })
  }

  func testMaskingHidesASeventhOfTheTokens() {
    let tokens = RandomGenerator(seed: 7).integers([100, 500], in: 0..<50)
    let masking = TokenMasking(vocabulary: 50, maskToken: 3, special: [0, 1])
    let (inputs, labels) = masking(tokens, generator: RandomGenerator(seed: 8))
    let isChosen = labels .!= -100
    func share(_ condition: Tensor, of whole: Tensor) -> Double {
      (condition .& whole).cast(to: .float64).sum().item() / whole.cast(to: .float64).sum().item()
    }
    let isOrdinary = (tokens .!= 0) .& (tokens .!= 1) .& (tokens .!= 3)
    XCTAssertEqual(share(isChosen, of: isOrdinary), 0.15, accuracy: 0.01)
    XCTAssertEqual(share(isOrdinary, of: isChosen), 1)
    XCTAssertEqual(share(labels .== tokens, of: isChosen), 1)
    XCTAssertEqual(share(inputs .== tokens, of: isChosen .== Tensor(0)), 1)
    XCTAssertEqual(share(inputs .== 3, of: isChosen), 0.8, accuracy: 0.02)
    // One in 47 replacements is the token itself.
    XCTAssertEqual(share(inputs .== tokens, of: isChosen), 0.1 + 0.1 / 47, accuracy: 0.02)
    let replacements = which(isChosen .& (inputs .!= 3), inputs, Tensor(5)).elements(Int.self)
    XCTAssertTrue(Set(replacements).isDisjoint(with: [0, 1, 3]))
    let again = masking(tokens, generator: RandomGenerator(seed: 8))
    XCTAssertTrue(again.inputs.isIdentical(to: inputs) && again.labels.isIdentical(to: labels))
    XCTAssertThrowsError(try validated { TokenMasking(vocabulary: 2, maskToken: 0, special: [1]) })
    XCTAssertThrowsError(try validated { TokenMasking(vocabulary: 9, maskToken: 0, share: 2) })
  }

  func testABERTLearnsToGuess() throws {
    var sizes = BERT.Configuration(
      vocabulary: 8, context: 8, features: 32, heads: 2, layers: 1)
    sizes.dropout = 0
    let model = withRandomGenerator(RandomGenerator(seed: 9)) { BERT(sizes) }
    let rows = stack((0..<8).map { start in Tensor((0..<8).map { (start + $0) % 7 }) })
    let masking = TokenMasking(vocabulary: 8, maskToken: 7, share: 0.2)
    var run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(2e-3))
    let generator = RandomGenerator(seed: 10)
    var losses: [Double] = []
    for _ in 0..<400 {
      let (inputs, labels) = masking(rows, generator: generator)
      losses.append(
        try run.step { maskedLanguageModelLoss($0(inputs), labels) }.report.loss)
    }
    XCTAssertLessThan(losses.suffix(20).reduce(0, +) / 20, 1)
    XCTAssertGreaterThan(losses[0], 1.5)
  }

  func testMistakesNameTheModel() {
    let bert = BERT(.init(vocabulary: 8, context: 4, features: 16, heads: 2, layers: 1))
    XCTAssertThrowsError(try validated { bert(Tensor.zeros([1, 5], dtype: .int64)) }) {
      XCTAssertEqual(
        "\($0)", "BERT: expected [batch, length] with a length of at most 4, got [1, 5]")
    }
    let tokens = Tensor([[1, 2]])
    XCTAssertThrowsError(try validated { bert(tokens, segments: Tensor([0, 1]), mask: nil) }) {
      XCTAssertEqual("\($0)", "BERT: expected segments of [1, 2], got [2]")
    }
    XCTAssertThrowsError(try validated { bert(Tensor([[8]])) }) {
      XCTAssertTrue("\($0)".hasPrefix("tokenEmbedding: "), "\($0)")
    }
    XCTAssertThrowsError(
      try validated { bert(Tensor([[1, 2]]), mask: Tensor([true, true])) }
    ) {
      XCTAssertTrue("\($0)".hasPrefix("blocks.0.attention: "), "\($0)")
    }
    XCTAssertEqual(bert.encoded(Tensor([[1, 2]])).shape, [1, 2, 16])
    XCTAssertThrowsError(try validated { SelfAttention(6, heads: 2, rotaryBase: 10) })
    XCTAssertThrowsError(
      try validated { Linear(weight: Parameter(.zeros([2, 3])), bias: Parameter(.zeros([3]))) })
    XCTAssertThrowsError(try validated { InstanceNorm(3)(Tensor.zeros([2, 3, 1])) }) {
      XCTAssertEqual(
        "\($0)",
        "InstanceNorm: expected [batch, 3, …] with more than one value for each channel, got "
          + "[2, 3, 1]")
    }
  }
}

extension Double {
  fileprivate var log: Double { Tensor(self, dtype: .float64).log().item() }
}
