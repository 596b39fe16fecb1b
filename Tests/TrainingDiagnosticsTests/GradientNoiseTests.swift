import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// Losses that swing because batches differ: told by the noise of gradients, and by second derivatives.
final class GradientNoiseTests: XCTestCase {
  func testTheNoiseScaleNamesABatchSize() throws {
    let field = Field(offsets: [0])
    let finding = try XCTUnwrap(try field.finding(optimizer: SGD()))
    XCTAssertEqual(finding.cause, .gradientNoise, "\(finding)")
    let expected = field.noiseScale(
      before: finding.step, weight: field.course(momentum: 0).weights[50], [0..<16, 16..<32])
    XCTAssertEqual(
      try XCTUnwrap(finding.evidence["noise_scale"]), expected, accuracy: 1e-3 * expected)
    XCTAssertLessThan(try XCTUnwrap(finding.evidence["cosine_of_halves"]).magnitude, 0.7)
    XCTAssertGreaterThan(expected, 2)
    let size = (5...11).map { 1 << $0 }.min {
      abs(log2(Double($0) / 32 / expected)) < abs(log2(Double($1) / 32 / expected))
    }!
    XCTAssertTrue(
      finding.remedy.contains("batches of about \(size) examples where they have 32"), "\(finding)")
  }

  func testPartsAreHalvedToo() throws {
    let field = Field(offsets: [0])
    let weight = field.course(momentum: 0).weights[50]
    var watched = WatchedRun(field.run(SGD())) { (model, part: Batch) in
      LossSum(sum: (model(part.x) - part.y).square().sum(), count: Double(part.count))
    }
    for batch in field.batches { _ = try watched.step(batch.split(size: 16)) }
    let finding = try XCTUnwrap(watched.diagnosis().findings.first)
    let interleaved = field.noiseScale(
      before: finding.step, weight: weight, [0..<8, 8..<16, 16..<24, 24..<32], isInterleaved: true)
    XCTAssertEqual(
      try XCTUnwrap(finding.evidence["noise_scale"]), interleaved, accuracy: 1e-3 * interleaved)

    var others = WatchedRun(field.run(SGD())) { (model, part: Ward.Item) in
      LossSum(sum: (model(part.x) - part.y).square().sum(), count: Double(part.x.shape[0]))
    }
    for batch in field.batches {
      _ = try others.step(batch.split(size: 16).map { Ward.Item(x: $0.x, y: $0.y, noise: $0.y) })
    }
    let other = try XCTUnwrap(others.diagnosis().findings.first)
    let halved = field.noiseScale(before: other.step, weight: weight, [0..<16, 16..<32])
    XCTAssertEqual(
      try XCTUnwrap(other.evidence["noise_scale"]), halved, accuracy: 1e-3 * halved)
    XCTAssertTrue(other.remedy.contains("times as large"), "\(other)")
  }

  func testSecondDerivativesTellWhatOwnBatchesDoNot() throws {
    // With momentum half of the steps go against what their batch wants, whatever the rate.
    let field = Field(offsets: [2, 2, -2, -2])
    let finding = try XCTUnwrap(try field.finding(optimizer: SGD(momentum: 0.9)))
    XCTAssertGreaterThanOrEqual(try XCTUnwrap(finding.evidence["own_batch_rises"]), 0.25)
    XCTAssertEqual(finding.cause, .gradientNoise, "\(finding)")
    XCTAssertEqual(finding.evidence["hessian_products"], 4)
    let course = field.course(momentum: 0.9)
    // The loss of a batch is a parabola with a second derivative of 2.
    let bends = ((finding.step - 3)...finding.step).map { step in
      2 * abs(course.moves[step]) / abs(course.gradients[step])
    }.sorted()
    let expected = (bends[1] + bends[2]) / 2
    XCTAssertEqual(try XCTUnwrap(finding.evidence["bend"]), expected, accuracy: 0.01 * expected)
  }

  func testAModelWithoutSecondDerivativesIsToldByItsLosses() throws {
    let field = Field(offsets: [2, 2, -2, -2])
    let finding = try XCTUnwrap(
      try field.finding(optimizer: SGD(momentum: 0.9)) { FirstOrder()($0) })
    XCTAssertEqual(finding.evidence["hessian_products"], 0)
    XCTAssertEqual(finding.cause, .gradientNoise, "\(finding)")
  }

  func testReplaysOfNoiseChangeNoBit() throws {
    let field = Field(offsets: [2, 2, -2, -2])
    func start() -> TrainingRun<Sequential> {
      TouchyRun.start(1, 8, 1, optimizer: SGD(momentum: 0.9), rate: 1e-4)
    }
    var watched = WatchedRun(start(), Field.loss)
    try TouchyRun.assertNoBitChanges(start(), &watched, field.batches, Field.loss)
    let finding = try XCTUnwrap(watched.diagnosis().findings.first)
    XCTAssertNotNil(finding.evidence["noise_scale"], "\(finding)")
    XCTAssertEqual(finding.evidence["hessian_products"], 4, "\(finding)")
  }
}

/// The same, with a gradient that cannot be differentiated.
private struct FirstOrder: CustomOperation {
  func forward(_ inputs: [Tensor]) -> Tensor { inputs[0] * 1 }

  func backward(_ gradient: Tensor, inputs: [Tensor], output: Tensor) -> [Tensor?] {
    [gradient.detached()]
  }
}

/// A weight that looks for the mean of its targets, whose batches are by turns far apart and close together.
private struct Field {
  static let rate = 1e-4
  static let start = 0.15
  let batches: [Batch]
  private let targets: [[Double]]

  init(offsets: [Double]) {
    var noise = Noise(seed: 2)
    targets = (0..<100).map { step in
      let offset = offsets[step % offsets.count]
      return (0..<32).map { _ in
        Double(Float(offset + (step % 2 == 0 ? 3 : 1) * noise.normal()))
      }
    }
    batches = targets.enumerated().map { step, targets in
      Batch(
        x: .ones([32, 1]), y: Tensor(targets.map(Float.init), shape: [32, 1]),
        indices: Array((32 * step)..<(32 * step + 32)))
    }
  }

  static func loss(_ model: Sequential, _ batch: Batch) -> Tensor {
    (model(batch.x) - batch.y).square().mean()
  }

  func run(_ optimizer: any Optimizer) -> TrainingRun<Sequential> {
    let model = Sequential { Linear(1, 1, bias: false) }
    model.parameters[0].parameter.value = Tensor([Float(Field.start)], shape: [1, 1])
    return TrainingRun(model: model, optimizer: optimizer, schedule: .constant(Field.rate))
  }

  /// What is found of a run, whose outputs go through a function.
  func finding(
    optimizer: any Optimizer, through function: @escaping (Tensor) -> Tensor = { $0 }
  ) throws -> Finding? {
    var watched = WatchedRun(run(optimizer)) { (model, batch: Batch) in
      (function(model(batch.x)) - batch.y).square().mean()
    }
    for batch in batches { _ = try watched.step(batch) }
    return watched.diagnosis().findings.first { $0.symptom == .oscillation }
  }

  /// The same run in plain numbers: the weight before each step, its gradient, and its move.
  func course(momentum: Double) -> (weights: [Double], gradients: [Double], moves: [Double]) {
    var (weight, velocity) = (Field.start, 0.0)
    var (weights, gradients, moves): ([Double], [Double], [Double]) = ([], [], [])
    for targets in targets {
      let gradient = 2 * (weight - targets.reduce(0, +) / 32)
      velocity = momentum * velocity + gradient
      weights.append(weight)
      gradients.append(gradient)
      moves.append(-Field.rate * velocity)
      weight -= Field.rate * velocity
    }
    return (weights, gradients, moves)
  }

  /// The noise scale in batches by the last eight up to a step, of which each piece has a gradient of its own.
  ///
  /// - Parameter isInterleaved: whether every other range belongs to the same half.
  func noiseScale(
    before step: Int, weight: Double, _ ranges: [Range<Int>], isInterleaved: Bool = false
  ) -> Double {
    let gradients = targets[(step - 7)...step].flatMap { targets -> [Double] in
      let groups =
        isInterleaved
        ? [0, 1].map { half in
          ranges.enumerated().filter { $0.offset % 2 == half }.flatMap { targets[$0.element] }
        } : ranges.map { Array(targets[$0]) }
      return groups.map { 2 * (weight - $0.reduce(0, +) / Double($0.count)) }
    }
    let count = Double(gradients.count)
    let mean = gradients.reduce(0, +) / count
    let variance = gradients.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let signal = mean * mean - variance / count
    return variance / 2 / (signal > 0 ? signal : mean * mean)
  }
}
