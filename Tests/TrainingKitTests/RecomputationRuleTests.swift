import TestSupport
import TrainingKit
import XCTest

/// Modules that a rule has recomputed, in whole runs.
final class RecomputationRuleTests: XCTestCase {
  /// Workspace grows with the threads.
  override func invokeTest() { withThreads(2) { super.invokeTest() } }

  private struct Training: MemorySubjectVisitor {
    let recomputation: Recomputation
    let result: Result

    final class Result { var weights: [String: [Double]] = [:] }

    func visit<Model: Module>(
      _ run: inout TrainingRun<Model>, step: (inout TrainingRun<Model>) throws -> StepOutcome
    ) throws -> Int {
      run.recomputation = recomputation
      for _ in 0..<20 { _ = try step(&run) }
      result.weights = run.model.state().mapValues { $0.elements(Double.self) }
      return run.updates
    }
  }

  private func weights(
    _ subject: MemorySubject, _ options: MemorySubject.Options, _ recomputation: Recomputation
  ) throws -> [String: [Double]] {
    let training = Training(recomputation: recomputation, result: .init())
    _ = try withRandomGenerator(RandomGenerator(seed: 3)) {
      try subject.visit(options, training)
    }
    return training.result.weights
  }

  func testWholeRunsEndAtTheSameBits() throws {
    let rules: [(MemorySubject, Recomputation)] = [
      (.perceptron, .modules("1", "2", "3")), (.perceptron, .modules("**")),
      (.convolutional, .modules("0", "4")), (.convolutional, .modules("*")),
      (.gpt, .modules("blocks.*", isVerified: true)), (.gpt, .modules("blocks.*.attention")),
      (.bert, .modules("blocks.0")),
    ]
    for (subject, recomputation) in rules {
      for precision in [Precision.full, .mixed(.bfloat16), .mixed(.float16, scaler: .fixed(64))] {
        for parts in [1, 2] {
          let options = MemorySubject.Options(precision: precision, parts: parts)
          let plain = try weights(subject, options, .none)
          XCTAssertEqual(
            try weights(subject, options, recomputation), plain,
            "\(subject.name), \(recomputation.patterns)")
        }
      }
    }
  }

  func testMistakesAreSentences() {
    let model = Sequential { Linear(2, 2) }
    XCTAssertThrowsError(
      try validated { recomputing(.modules("blocks.*"), of: model) { model(Tensor.ones([1, 2])) } }
    ) {
      XCTAssertEqual("\($0)", "recomputation: expected a pattern of modules, got blocks.*")
    }
    final class Pair: Module {
      func forward(_ x: Tensor) -> (Tensor, Tensor) { (x, x) }
    }
    final class Whole: Module {
      let pair = Pair()
      func forward(_ x: Tensor) -> Tensor { pair(x).0 }
    }
    let whole = Whole()
    XCTAssertThrowsError(
      try validated { recomputing(.modules("pair"), of: whole) { whole(Tensor.ones([1])) } }
    ) {
      XCTAssertEqual(
        "\($0)",
        "pair: recomputation: expected modules whose result is one tensor, got (Tensor, Tensor)")
    }
  }

  /// A piece that differs is named by its module.
  func testTheModuleIsNamed() {
    final class Counter: Module {
      var calls = 0.0
      func forward(_ x: Tensor) -> Tensor {
        calls += 1
        return x * calls
      }
    }
    let model = Sequential {
      Linear(2, 2)
      Counter()
    }
    XCTAssertThrowsError(
      try validated {
        let loss = recomputing(.modules("1", isVerified: true), of: model) {
          model(Tensor.ones([1, 2])).sum()
        }
        return model.gradients(of: loss)
      }
    ) {
      XCTAssertEqual("\($0)", "1: recompute: expected the same result again, got another")
    }
  }

  /// What a step needs beside the weights and their moments, which nothing takes away.
  private func growth<Model: Module>(
    _ makeModel: @escaping () -> Model, _ recomputation: Recomputation, _ precision: Precision,
    _ loss: @escaping (Model, Tensor) -> Tensor
  ) throws -> Double {
    let plan = try MemoryPlan {
      let tokens = Tensor.randomIntegers([8, 64], in: 0..<64)
      var run = TrainingRun(
        model: makeModel(), optimizer: AdamW(), schedule: .constant(1e-3), precision: precision)
      run.recomputation = recomputation
      for _ in 0..<2 { _ = try run.step { loss($0, tokens) } }
    }
    return Double(plan.peak - 3 * 4 * makeModel().parameterCount)
  }

  func testTheMemoryOfAGPTFalls() throws {
    var sizes = GPT.Configuration(vocabulary: 64, context: 64, features: 64, heads: 4, layers: 6)
    sizes.dropout = 0.1
    for precision in [Precision.full, .mixed(.bfloat16)] {
      let (whole, recomputed) = try (
        growth({ GPT(sizes) }, .none, precision) { causalLanguageModelLoss($0($1), $1) },
        growth({ GPT(sizes) }, .modules("blocks.*"), precision) {
          causalLanguageModelLoss($0($1), $1)
        }
      )
      print("recomputed blocks of a GPT: \(recomputed / whole) of what a step adds")
      XCTAssertLessThan(recomputed, 0.45 * whole)
    }
  }

  func testTheMemoryOfBERTFalls() throws {
    let sizes = BERT.Configuration(
      vocabulary: 64, context: 64, features: 64, heads: 4, layers: 6)
    let growths = try [Recomputation.none, .modules("blocks.*"), .modules("blocks.*.attention")]
      .map { recomputation in
        try growth({ BERT(sizes) }, recomputation, .full) { maskedLanguageModelLoss($0($1), $1) }
      }
    XCTAssertLessThan(growths[1], 0.4 * growths[0])
    XCTAssertLessThan(growths[2], growths[0])
  }
}
