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
}
