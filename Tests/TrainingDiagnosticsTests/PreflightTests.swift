import TrainingDiagnostics
import TrainingKit
import XCTest

/// Runs are looked at before their first step, and stay where they are.
final class PreflightTests: XCTestCase {
  /// Prints how many of the seeds had a false alarm, and says which.
  private func assertSilent(_ starts: (UInt64) -> [PreflightCase]) throws {
    let seeds: [UInt64] = [1, 2, 3]
    var alarms: [String: Int] = [:]
    for start in seeds.flatMap(starts) {
      let findings = try start.findings().filter { $0.severity > .note }
      XCTAssertEqual(findings.map(\.description), [], start.name)
      alarms[start.name, default: 0] += findings.isEmpty ? 0 : 1
    }
    for name in alarms.keys.sorted() {
      print("preflight: false alarms \(alarms[name]!) of \(seeds.count): \(name)")
    }
  }

  func testHealthyStartsAreSilent() throws { try assertSilent(HealthyStarts.all) }

  func testOtherHealthyStartsAreSilent() throws { try assertSilent(OtherStarts.all) }

  func testSickStartsAreFound() throws {
    var found: [String: (hits: Int, causes: Int, all: Int)] = [:]
    var (first, all) = (0, 0)
    for seed in [UInt64](1...3) {
      for sick in SickStarts.all(seed: seed) {
        let findings = try sick.start.findings()
        all += 1
        if findings.first?.symptom == sick.symptom {
          first += 1
        } else {
          print(
            "preflight: \(sick.start.name) comes behind \(findings.first?.description ?? "nothing")"
          )
        }
        let hit = findings.first { $0.symptom == sick.symptom && $0.severity >= sick.severity }
        XCTAssertNotNil(hit, "\(sick.start.name): \(findings)")
        XCTAssertEqual(hit?.cause, sick.cause, "\(sick.start.name): \(findings)")
        if let place = sick.place {
          XCTAssertTrue(hit?.place?.contains(place) ?? false, "\(sick.start.name): \(findings)")
        }
        var counts = found[sick.check] ?? (0, 0, 0)
        counts.all += 1
        counts.hits += hit == nil ? 0 : 1
        counts.causes += hit?.cause == sick.cause ? 1 : 0
        found[sick.check] = counts
      }
    }
    print("preflight: told first in \(first) of \(all)")
    for (check, counts) in found.sorted(by: { $0.key < $1.key }) {
      print(
        "preflight: \(check): found \(counts.hits) of \(counts.all), cause right in \(counts.causes)"
      )
    }
  }

  func testMistakesAreFoundFromTheMildest() throws {
    for (name, symptom, levels, make) in GrowingStarts.all {
      let found = try levels.map { level in
        try [UInt64](1...3).count { seed in
          try make(level, seed).findings().contains { $0.symptom == symptom && $0.severity > .note }
        }
      }
      print(
        "preflight: \(name): \(zip(levels, found).map { "\($0): \($1) of 3" }.joined(separator: ", "))"
      )
      XCTAssertEqual(found, levels.map { _ in 3 }, name)
    }
  }

  func testEveryCheckHasASickStart() {
    let names = Set(PreflightCatalog.standard.map { type(of: $0).name })
    XCTAssertEqual(names.count, PreflightCatalog.standard.count)
    XCTAssertEqual(names.subtracting(SickStarts.all(seed: 1).map(\.check)), ["memory"])
  }

  func testUsersWriteChecksOfTheirOwn() throws {
    let run = TrainingRun(
      model: PreflightNetwork.perceptron(), optimizer: SGD(), schedule: .constant(0.1))
    let batch = withRandomGenerator(RandomGenerator(seed: 1)) {
      PreflightData.classes([7, 16], 10)
    }
    let checks = Preflight(of: run, on: [batch], with: PreflightCatalog.standard + [EvenBatches()])
    {
      crossEntropy($0($1.x), $1.y)
    }
    XCTAssertEqual(try checks.findings().map(\.symptom), [EvenBatches.odd])
    let results = try checks.results()
    XCTAssertEqual(results.last?.check, "even-batches")
    XCTAssertEqual(results.last?.statement, "batches are even")
    XCTAssertEqual(results.count, PreflightCatalog.standard.count + 1)
  }

  func testFindingsAreComplete() throws {
    for sick in SickStarts.all(seed: 1) {
      for finding in try sick.start.findings() {
        XCTAssertFalse(finding.remedy.isEmpty, "\(finding)")
        XCTAssertFalse(finding.evidence.entries.isEmpty, "\(finding)")
        XCTAssertTrue(finding.cause != .undetermined || finding.nextTest != nil, "\(finding)")
        XCTAssertFalse("\(finding)".contains("\n"))
      }
    }
  }
}

/// A check as a user would write it.
private struct EvenBatches: PreflightCheck {
  static let name = "even-batches"
  static let statement = "batches are even"
  static let odd = Symptom(rawValue: "odd_batch")

  func examine(_ subject: PreflightSubject) throws -> [Finding] {
    let count = subject.pass.output?.shape[0] ?? 0
    guard !count.isMultiple(of: 2) else { return [] }
    return [
      Finding(
        Self.odd, cause: Cause(rawValue: "taste"), severity: .warning, step: subject.step,
        confidence: 1, evidence: ["examples": Double(count)], remedy: "add an example")
    ]
  }
}

/// The trials that take steps, and what they leave behind.
final class PreflightTrialTests: XCTestCase {
  private func run(
    _ model: Sequential, rate: Double = 1e-2, generator: RandomGenerator? = nil
  ) -> TrainingRun<Sequential> {
    TrainingRun(
      model: model, optimizer: AdamW(), schedule: .warmup(steps: 50).then(.constant(rate)),
      precision: .mixed(.float16), average: .exponential(decay: 0.9), generator: generator)
  }

  private let batch = withRandomGenerator(RandomGenerator(seed: 4)) {
    PreflightData.classes([16, 1, 8, 8], 10)
  }

  private func preflight(_ run: TrainingRun<Sequential>) -> Preflight<Sequential> {
    Preflight(of: run, on: [batch]) { crossEntropy($0($1.x), $1.y) }
  }

  func testNothingMoves() throws {
    let (one, other) = try (0..<2).map { place in
      let generator = RandomGenerator(seed: 7)
      let model = withRandomGenerator(generator) {
        Sequential(PreflightNetwork.convolutional().modules + [Dropout(0.2)])
      }
      (model.modules[1] as? BatchNorm)?.evaluate()
      var run = run(model, generator: generator)
      for _ in 0..<3 { _ = try run.step { crossEntropy($0(batch.x), batch.y) } }
      if place == 1 {
        let before = run.snapshot()
        let checks = preflight(run)
        _ = try checks.findings()
        _ = try checks.overfit(steps: 5)
        _ = try checks.learningRateRange(steps: 10)
        let after = run.snapshot()
        XCTAssertEqual(before.random, after.random)
        XCTAssertEqual(before.steps, after.steps)
        for (path, value) in before.weights {
          XCTAssertTrue(value.isIdentical(to: after.weights[path]!), path)
        }
        XCTAssertFalse((model.modules[1] as? BatchNorm)?.isTraining ?? true)
        XCTAssertTrue((model.modules[5] as? BatchNorm)?.isTraining ?? false)
      }
      for _ in 0..<3 { _ = try run.step { crossEntropy($0(batch.x), batch.y) } }
      return model.state()
    }.pair
    for (path, value) in one { XCTAssertTrue(value.isIdentical(to: other[path]!), path) }
  }

  func testAHealthyModelLearnsABatchByHeart() throws {
    let trial = try preflight(run(PreflightNetwork.convolutional())).overfit()
    XCTAssertNil(trial.finding)
    XCTAssertLessThan(trial.losses.last!, 0.2 * trial.losses[0])
  }

  func testWhatCannotBeLearnedIsTold() throws {
    for (rate, cause) in [
      (1e-9, Cause.undetermined), (1e-4, .learningRateTooLow), (10, .learningRateTooHigh),
      (30, .learningRateTooHigh),
    ] {
      for seed: UInt64 in 3...5 {
        let model = withRandomGenerator(RandomGenerator(seed: seed)) {
          PreflightNetwork.convolutional()
        }
        let finding = try preflight(run(model, rate: rate)).overfit(steps: 40).finding
        XCTAssertEqual(finding?.cause, cause, "\(rate): \(finding?.description ?? "")")
      }
    }
  }

  func testRatesAreMeasured() throws {
    let range = try preflight(run(PreflightNetwork.convolutional())).learningRateRange(1e-5...100)
    let suggestion = try XCTUnwrap(range.suggestion, range.reason)
    XCTAssertTrue((1e-4...0.3).contains(suggestion), "\(suggestion): \(range.reason)")
    XCTAssertEqual(range.rates.count, range.losses.count)
  }

  func testWhatDoesNotFitIsToldBeforeTheFirstStep() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    let run = run(PreflightNetwork.convolutional())
    let large = withRandomGenerator(RandomGenerator(seed: 1)) {
      PreflightData.classes([2_048, 1, 8, 8], 10)
    }
    let checks = Preflight(of: run, on: [large]) { crossEntropy($0($1.x), $1.y) }
    Device.cpu.memoryLimit = Device.cpu.memory.live + 4_000_000
    let findings = try checks.findings()
    XCTAssertEqual(findings.map(\.symptom), [.outOfMemory])
    XCTAssertEqual(findings.first?.cause, .memoryPlan)
    XCTAssertTrue(findings.first?.remedy.contains("parts of the batch") ?? false)
    XCTAssertEqual(run.steps, 0)
  }

  func testSharedExamplesAreFound() throws {
    let x = Tensor.randomNormal([40, 4], generator: RandomGenerator(seed: 5))
    let run = run(PreflightNetwork.convolutional())
    func findings(_ heldOut: Tensor) throws -> [Finding] {
      try Preflight(of: run, on: [batch], with: [ExamplesAreApart(x, heldOut)]) {
        crossEntropy($0($1.x), $1.y)
      }
      .findings()
    }
    XCTAssertEqual(try findings(x * 2), [])
    let leak = try findings(concatenate([x[0..<3], x[3..<20] * 2]))
    XCTAssertEqual(leak.map(\.cause), [.dataLeak])
    XCTAssertEqual(leak[0].evidence["share"] ?? 0, 0.15, accuracy: 1e-9)
    // Rows of two bits are everywhere.
    let bits = (Tensor.randomNormal([40, 2]) .> 0).cast(to: .float32)
    let few = Preflight(of: run, on: [batch], with: [ExamplesAreApart(bits, bits[0..<9])]) {
      crossEntropy($0($1.x), $1.y)
    }
    XCTAssertEqual(try few.findings(), [])
  }

  func testASmallModelTakesLessThanASecond() throws {
    let checks = preflight(run(PreflightNetwork.convolutional()))
    let time = try ContinuousClock().measure { _ = try checks.findings() }
    print("preflight:", time)
    XCTAssertLessThan(time, .seconds(1))
  }
}

extension [[String: Tensor]] {
  fileprivate var pair: ([String: Tensor], [String: Tensor]) { (self[0], self[1]) }
}
