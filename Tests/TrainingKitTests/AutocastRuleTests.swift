import TestSupport
import TrainingKit
import XCTest

/// Every operation of the catalog under autocast, beside PyTorch's lists for CUDA.
final class AutocastRuleTests: XCTestCase {
  private enum Rule { case asGiven, low, wide, widest }

  /// PyTorch's names where they differ by more than underscores and capitals.
  private static let names = [
    "powScalar": "pow", "norm": "linalg_vector_norm", "product": "prod", "cumulativeSum": "cumsum",
    "convTranspose1d": "conv_transpose1d", "convTranspose2d": "conv_transpose2d",
    "logSumExp": "logsumexp", "softmin": "softmax",
    // Its rule is that of what it applies, which is the logarithm in the catalog.
    "mapped": "log",
  ]

  /// Operations that no list has: they run in the dtypes that come.
  private static let asGiven: Set<String> = [
    "neg", "abs", "sign", "square", "relu", "clamp", "isNaN", "isFinite", "logicalNot", "sqrt",
    "sin", "cos", "atan", "tanh", "erf", "floor", "ceil", "round", "sigmoid", "logSigmoid",
    "softsign", "leakyReLU", "elu", "celu", "selu", "gelu", "geluTanh", "silu", "mish", "relu6",
    "hardtanh", "hardsigmoid", "hardswish", "threshold", "softshrink", "hardshrink",
    "tanhshrink", "glu",
    "add", "sub", "mul", "div", "minimum", "maximum", "remainder", "floorDivide", "logicalAnd",
    "logicalOr", "logicalXor", "equal", "notEqual", "less", "lessEqual", "greater",
    "greaterEqual", "which", "scalar operators", "cast",
    "any", "all", "argmax", "argmin", "mean", "variance", "standardDeviation",
    "reshaped", "flattened", "permuted", "transposed", "broadcast", "squeezed",
    "expandedDimensions", "contiguous", "subscript", "flipped", "padded", "split", "concatenate",
    "stack", "unstacked", "rotaryEmbedding", "repeated", "gather", "taking", "embedding", "oneHot",
    "argsort", "sorted", "topK",
    "unfolded", "folded", "maxPool1d", "maxPool2d", "avgPool1d", "avgPool2d",
    "adaptiveAvgPool1d", "adaptiveAvgPool2d", "adaptiveMaxPool1d", "adaptiveMaxPool2d",
    "batchNorm", "instanceNorm",
  ]

  /// What PyTorch's lists say of an operation; nil when it is in none.
  private func listed(_ operation: String, _ lists: [String: FixtureAttribute]) -> Rule? {
    let snake = operation.reduce("") { $0 + ($1.isUppercase ? "_" : "") + $1.lowercased() }
    let name = Self.names[operation] ?? snake
    let rules: [(String, Rule)] = [
      ("low", .low), ("wide", .wide), ("wideResult", .wide), ("widest", .widest),
    ]
    return rules.first { lists[$0.0]!.list.map(\.text).contains(name) }?.1
  }

  private func rule(_ operation: String, _ lists: [String: FixtureAttribute]) throws -> Rule {
    let listed = listed(operation, lists)
    if Self.asGiven.contains(operation) {
      XCTAssertNil(listed, "\(operation) is in a list of PyTorch's")
      return .asGiven
    }
    return try XCTUnwrap(listed, "\(operation) is in no list: what does autocast do to it?")
  }

  /// The inputs with reals in the given dtypes, in turn.
  private func inputs(_ sample: OperationSample, _ dtypes: DType...) -> [Tensor] {
    zip(sample.inputs, sample.arguments).enumerated().map { position, input in
      input.0.kind == .real ? input.1.cast(to: dtypes[position % dtypes.count]) : input.1
    }
  }

  private func expected(
    _ rule: Rule, _ low: DType, _ inputs: [Tensor], _ sample: OperationSample
  ) -> DType {
    switch rule {
    case .low: low
    case .wide: .float32
    case .widest: inputs.contains { $0.dtype == .float32 } ? .float32 : inputs[0].dtype
    case .asGiven: sample.call(inputs).dtype
    }
  }

  func testEveryOperationGivesTheDtypeOfItsRule() throws {
    let file = try FixtureFile("precision")
    let lists = try XCTUnwrap(file.cases("autocast").first).attributes
    var counts: [Rule: Int] = [:]
    for sample in OperationCatalog.samples {
      let rule = try rule(sample.operation, lists)
      for low in [DType.float16, .bfloat16] {
        for dtypes in [[DType.float32, .float32], [low, low], [low, .float32], [.float32, low]] {
          let inputs = inputs(sample, dtypes[0], dtypes[1])
          let got = autocast(low) { sample.call(inputs) }
          let name = "\(sample.operation) \(sample.label) of \(dtypes) in \(low)"
          XCTAssertEqual(got.dtype, expected(rule, low, inputs, sample), name)
          counts[rule, default: 0] += 1
        }
      }
    }
    print("autocast rules: \(counts)")
    XCTAssertEqual(counts.count, 4)
  }

  func testLossesAreFloat32() {
    for sample in LossCatalog.all {
      for low in [DType.float16, .bfloat16] {
        for dtype in [DType.float32, low] {
          let predictions = Tensor.randomUniform(sample.shape, in: sample.interval).cast(to: dtype)
          let targets = sample.targets
          let like = targets.dtype.isFloatingPoint ? targets.cast(to: dtype) : targets
          let loss = autocast(low) { sample(predictions, like, Reduction<Tensor>.mean) }
          XCTAssertEqual(loss.dtype, .float32, "\(sample.name) of \(dtype) in \(low)")
        }
      }
    }
  }

  func testFloat64IsLeftAlone() {
    for sample in OperationCatalog.samples {
      let plain = sample.call(sample.arguments)
      let mixed = autocast(.float16) { sample.call(sample.arguments) }
      XCTAssertTrue(mixed.isIdentical(to: plain), "\(sample.operation) \(sample.label)")
    }
  }
}
