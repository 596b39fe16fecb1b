import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// Losses by example, where they are asked for: kept with looks inside, and what they tell of single examples.
final class ExampleLossTests: XCTestCase {
  private static func loss(_ model: Sequential, _ batch: Batch) -> Tensor {
    crossEntropy(model(batch.x), batch.y)
  }

  private static func losses(_ model: Sequential, _ batch: Batch) -> Tensor {
    crossEntropy(model(batch.x), batch.y, reduction: .none)
  }

  /// Batches of examples from the hundredth on.
  private func batches(_ ward: Ward, _ count: Int) -> [Batch] {
    ward.items(count).enumerated().map { place, item in
      Batch(x: item.x, y: item.y, indices: Array((100 + 32 * place)..<(132 + 32 * place)))
    }
  }

  func testLooksInsideKeepTheLossesOfExamples() throws {
    let ward = try Ward(seed: 1)
    let batches = batches(ward, 4)
    let expected = Self.losses(ward.run.model, batches[0]).cast(to: .float64)
      .elements(Double.self)
    var watched = WatchedRun(ward.run, exampleLosses: Self.losses, Self.loss)
    for batch in batches { _ = try watched.step(batch) }
    let steps = watched.record.steps
    XCTAssertEqual(steps[0].details?.exampleLosses, expected)
    XCTAssertEqual(expected.reduce(0, +) / 32, try XCTUnwrap(steps[0].loss), accuracy: 1e-5)
    XCTAssertEqual(steps[2].details?.exampleLosses?.count, 32)
    XCTAssertNil(steps[3].details)

    let split = try Ward(seed: 1)
    var inParts = WatchedRun(
      split.run, exampleLosses: { stack([Self.losses($0, $1), Self.losses($0, $1)], axis: 1) }
    ) { (model, part: Batch) in crossEntropy(model(part.x), part.y, reduction: .counted) }
    _ = try inParts.step(batches[0].split(size: 20))
    let found = try XCTUnwrap(inParts.record.steps[0].details?.exampleLosses)
    XCTAssertEqual(found.count, 32)
    for (a, b) in zip(found, expected) { XCTAssertEqual(a, b, accuracy: 1e-6) }
  }

  func testOneBadExampleOfABatchIsNamed() throws {
    let ward = try Ward(seed: 1)
    var watched = WatchedRun(ward.run, exampleLosses: Self.losses, Self.loss)
    for (place, var batch) in batches(ward, 70).enumerated() {
      if place == 60 {
        let factors = Tensor((0..<32).map { $0 == 7 ? -120 : 1 } as [Float], shape: [32, 1])
        batch.x = batch.x * factors
      }
      _ = try watched.step(batch)
    }
    let found = watched.diagnosis().findings
    let finding = try XCTUnwrap(found.first { $0.cause == .dataOutlier }, "\(watched.diagnosis())")
    XCTAssertEqual(finding.examples, [100 + 60 * 32 + 7], "\(finding)")
    XCTAssertGreaterThan(try XCTUnwrap(finding.evidence["worst_example"]), 10)
    XCTAssertTrue("\(finding)".contains("example 2027"), "\(finding)")
  }

  func testAnExampleThatIsNotFiniteIsFoundByItsLoss() throws {
    let ward = try Ward(seed: 1)
    let items = ward.items(3)
    var watched = WatchedRun(
      ward.run, identity: { _ in .examples(Array(0..<32)) },
      exampleLosses: { crossEntropy($0($1.x), $1.y, reduction: .none) }, Ward.loss)
    _ = try watched.step(items[0])
    var sick = items[1]
    sick.x = sick.x + Tensor((0..<32).map { $0 == 9 ? Float.nan : 0 }, shape: [32, 1])
    let finding = try XCTUnwrap(try watched.step(sick).findings.first)
    XCTAssertEqual(finding.cause, .badInput)
    XCTAssertEqual(finding.examples, [9], "\(finding)")
  }

  func testAskingForLossesChangesNoBit() throws {
    func start() -> TrainingRun<Sequential> {
      TouchyRun.start(8, 16, 4, optimizer: AdamW(), rate: 3e-3)
    }
    let batches = Array(repeating: batches(try Ward(seed: 1), 8), count: 14).joined()
    var watched = WatchedRun(
      start(), care: Care(examinationInterval: 3),
      exampleLosses: { Self.losses($0, $1) + RandomGenerator.current.uniform([32]) * 0 }, Self.loss)
    try TouchyRun.assertNoBitChanges(start(), &watched, batches, Self.loss)
  }
}

extension ExampleLossTests {
  /// What is said in the end of a run over 512 examples, some with the label of another class.
  private func concluded(
    seed: UInt64, wrong: Set<Int>, asks: Bool = true, steps: Int = 160
  ) throws -> [Finding] {
    let ward = try Ward(seed: seed, rate: 3e-3)
    var batches = ward.items(16).enumerated().map { place, item in
      Batch(x: item.x, y: item.y, indices: Array((32 * place)..<(32 * place + 32)))
    }
    for place in batches.indices {
      let labels = batches[place].y.elements(Int.self)
      batches[place].y = Tensor(
        zip(labels, batches[place].indices).map { wrong.contains($1) ? ($0 + 2) % 4 : $0 })
    }
    var watched = WatchedRun(
      ward.run, exampleLosses: asks ? { Self.losses($0, $1) } : nil, Self.loss)
    for step in 0..<steps { _ = try watched.step(batches[step % 16]) }
    _ = try watched.conclude()
    return watched.diagnosis().findings.filter { $0.symptom == .noisyLabels }
  }

  func testWrongLabelsAreNamed() throws {
    let wrong = Set((0..<20).map { 7 + 25 * $0 })
    for seed in [UInt64](1...6) {
      let finding = try XCTUnwrap(try concluded(seed: seed, wrong: wrong).first, "\(seed)")
      let right = Set(finding.examples).subtracting(wrong).count
      print("wrong labels: \(finding.examples.count - right) of 20, and \(right) more")
      XCTAssertEqual(finding.severity, .note)
      XCTAssertGreaterThanOrEqual(finding.examples.count - right, 5, "\(finding)")
      XCTAssertLessThanOrEqual(right, finding.examples.count / 8, "\(finding)")
    }
    XCTAssertEqual(try concluded(seed: 1, wrong: wrong, asks: false), [])
  }

  func testRightLabelsAreNotDoubted() throws {
    for seed in [UInt64](1...6) {
      for steps in [40, 100, 160, 320] {
        XCTAssertEqual(try concluded(seed: seed, wrong: [], steps: steps), [], "\(seed), \(steps)")
      }
    }
  }
}
