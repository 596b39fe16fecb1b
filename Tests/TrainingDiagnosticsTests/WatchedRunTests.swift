import TestSupport
import TrainingDiagnostics
import TrainingKit
import XCTest

/// A doctor beside a run: it changes no bit, sees inside, finds causes by going back, and treats.
final class WatchedRunTests: XCTestCase {
  func testARunTakesTheSameStepsToTheSameBits() throws {
    let plain = try Ward(seed: 3)
    var run = plain.run
    var care = Care.standard
    (care.snapshotInterval, care.examinationInterval) = (8, 5)
    let losses = try withRandomGenerator(RandomGenerator(seed: 9)) {
      try plain.items(40).map { try run.step(lossOf($0)).report.loss }
    }
    let other = try Ward(seed: 3)
    var watched = WatchedRun(other.run, care: care, Ward.loss)
    let seen = try withRandomGenerator(RandomGenerator(seed: 9)) {
      try other.items(40).map { try watched.step($0).outcome.report.loss }
    }
    XCTAssertEqual(losses, seen)
    XCTAssertTrue(watched.diagnosis().isHealthy, "\(watched.diagnosis())")
  }

  func testACompiledRunTakesTheSameStepsToTheSameBits() throws {
    let plain = try Ward(seed: 3)
    var run = plain.run
    let losses = try plain.items(40).map { try run.step(lossOf($0)).report.loss }
    var care = Care.standard
    (care.snapshotInterval, care.examinationInterval) = (8, 5)
    let other = try Ward(seed: 3)
    var compiled = other.run
    compiled.isCompiled = true
    var calls = 0
    var watched = WatchedRun(
      compiled, care: care, inputs: { (item: Ward.Item) in [item.x, item.y] }
    ) {
      calls += 1
      return crossEntropy($0($1[0]), $1[1])
    }
    let seen = try other.items(40).map { try watched.step($0).outcome.report.loss }
    XCTAssertEqual(losses, seen)
    XCTAssertLessThan(calls, 30)
    XCTAssertTrue(watched.record.steps[0].details?.activations.isEmpty == false)
    XCTAssertTrue(watched.diagnosis().isHealthy, "\(watched.diagnosis())")
  }

  private func lossOf(_ item: Ward.Item) -> (Sequential) throws -> Tensor {
    { model in Ward.loss(model, item) }
  }

  /// A batch in two unequal parts.
  private func parts(of item: Ward.Item) -> [Ward.Item] {
    [(0, 12), (12, 32)].map { first, end in
      var part = item
      (part.x, part.y) = (item.x[first..<end], item.y[first..<end])
      return part
    }
  }

  private func countedLoss(_ model: Sequential, _ part: Ward.Item) -> LossSum {
    crossEntropy(model(part.x), part.y, reduction: .counted)
  }

  func testABatchInPartsTakesTheSameStepsToTheSameBits() throws {
    let plain = try Ward(seed: 3)
    var run = plain.run
    let losses = try plain.items(40).map {
      try run.step(accumulating: parts(of: $0), countedLoss).report.loss
    }
    var care = Care.standard
    (care.snapshotInterval, care.examinationInterval) = (8, 5)
    let other = try Ward(seed: 3)
    var watched = WatchedRun(other.run, care: care, countedLoss)
    let seen = try other.items(40).map { try watched.step(parts(of: $0)).outcome.report.loss }
    XCTAssertEqual(losses, seen)
    XCTAssertTrue(watched.record.steps[0].details?.activations.isEmpty == false)
  }

  func testReplaysOfPartsFindWhatThoseOfWholeBatchesFind() throws {
    let whole = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 30)
    let split = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 30)
    var watched = WatchedRun(whole.run, care: .treating, Ward.loss)
    var inParts = WatchedRun(split.run, care: .treating, countedLoss)
    for (item, same) in zip(whole.items(100), split.items(100)) {
      _ = try watched.step(item)
      _ = try inParts.step(parts(of: same))
    }
    let (treatment, other) = (
      try XCTUnwrap(watched.treatments.first), try XCTUnwrap(inParts.treatments.first)
    )
    XCTAssertEqual(treatment.finding.cause, .learningRateTooHigh, "\(treatment)")
    XCTAssertEqual(other.finding.cause, treatment.finding.cause, "\(other)")
    XCTAssertEqual(other.remedies, treatment.remedies)
    XCTAssertEqual(other.trial.lossBefore, treatment.trial.lossBefore, accuracy: 1e-5)
    XCTAssertEqual(
      try XCTUnwrap(other.finding.evidence["curvature"]),
      try XCTUnwrap(treatment.finding.evidence["curvature"]), accuracy: 1e-2)
  }

  func testAPartThatIsNotFiniteIsNamed() throws {
    let ward = try Ward(seed: 1)
    var watched = WatchedRun(ward.run, countedLoss)
    for item in ward.items(10) { _ = try watched.step(parts(of: item)) }
    var pieces = parts(of: ward.items(1)[0])
    pieces[1].x = pieces[1].x + Double.infinity
    let finding = try XCTUnwrap(try watched.step(pieces).findings.first)
    XCTAssertEqual(finding.cause, .badInput, "\(finding)")
  }

  func testTheStepIsToldBeforeReplays() throws {
    let ward = try Ward(seed: 1)
    var calls = 0
    var watched = WatchedRun(ward.run) { (model, part: Ward.Item) in
      calls += 1
      return self.countedLoss(model, part)
    }
    for item in ward.items(10) { _ = try watched.step(parts(of: item)) }
    var item = ward.items(1)[0]
    item.x = item.x + Double.nan
    var told: Int?
    calls = 0
    let step = try watched.step(parts(of: item)) { _ in told = calls }
    XCTAssertEqual(told, 1, "the first part ends a step that is not finite")
    XCTAssertGreaterThan(calls, 1)
    XCTAssertFalse(step.findings.isEmpty)
  }

  func testAChangeOfTheRunIsNeverTakenBack() throws {
    let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 0.1)
    var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
    let items = ward.items(120)
    for item in items[..<60] { _ = try watched.step(item) }
    watched.change { $0.schedule = .constant(100) }
    for item in items[60...] { _ = try watched.step(item) }
    let treatment = try XCTUnwrap(watched.treatments.first)
    XCTAssertGreaterThanOrEqual(treatment.from, 60, "\(treatment)")
    guard case .learningRate(let factor)? = treatment.remedies.first else {
      return XCTFail("\(treatment)")
    }
    XCTAssertEqual(
      watched.run.schedule.learningRate(at: 0), 100 * factor, accuracy: 1e-9, "\(treatment)")
  }

  func testWhatTheDoctorHoldsCostsNoStep() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    func losses(_ care: Care, room: Int?) throws -> (losses: [Double], care: Care) {
      Device.cpu.memoryLimit = limit
      let ward = try Ward(seed: 1, width: 256)
      let items = ward.items(40)
      var watched = WatchedRun(ward.run, care: care, Ward.loss)
      var losses: [Double] = []
      for (place, item) in items.enumerated() {
        if place == 20, let room { Device.cpu.memoryLimit = Device.cpu.memory.live + room }
        losses.append(try watched.step(item).outcome.report.loss)
      }
      return (losses, watched.care)
    }
    var care = Care.standard
    care.snapshotInterval = 4
    let free = try losses(care, room: nil)
    XCTAssertEqual(free.care, care)
    // Room for a step on two threads, and for no copy of weights and moments.
    let tight = try withThreads(2) { try losses(care, room: 1_200_000) }
    XCTAssertEqual(tight.losses, free.losses)
    XCTAssertEqual(tight.care.snapshots, 0)
    XCTAssertEqual(tight.care.examinationInterval, 0)
  }

  func testDetailsTellOfParametersAndActivations() throws {
    let ward = try Ward(seed: 1)
    var watched = WatchedRun(ward.run, Ward.loss)
    _ = try watched.step(ward.items(1)[0])
    let details = try XCTUnwrap(watched.record.steps[0].details)
    XCTAssertEqual(details.parameters.map(\.path), ward.run.model.parameters.map(\.path))
    for parameter in details.parameters where parameter.rank == 2 {
      XCTAssertGreaterThan(try XCTUnwrap(parameter.gradientRMS), 0)
      // AdamW's first step is the learning rate in every element.
      XCTAssertEqual(try XCTUnwrap(parameter.updateRMS), 1e-3, accuracy: 3e-4)
      XCTAssertGreaterThan(try XCTUnwrap(parameter.updateRatio), 0)
    }
    let rectified = details.activations.filter { $0.operation == "relu" }
    XCTAssertEqual(rectified.map(\.path), ["1", "3"])
    XCTAssertEqual(rectified[0].zeroShare, 0.5, accuracy: 0.2)
    XCTAssertEqual(rectified[0].deadShare, 0)
    XCTAssertGreaterThan(try XCTUnwrap(details.memory).live, 0)
    let data = try JSONEncoder().encode(watched.record)
    XCTAssertEqual(try JSONDecoder().decode(RunRecord.self, from: data), watched.record)
  }

  func testAnItemThatIsNotFiniteIsNamed() throws {
    let ward = try Ward(seed: 1)
    var watched = WatchedRun(ward.run, Ward.loss)
    for item in ward.items(10) { _ = try watched.step(item) }
    var item = ward.items(1)[0]
    item.x = item.x + Double.infinity
    let step = try watched.step(item)
    let finding = try XCTUnwrap(step.findings.first)
    XCTAssertEqual(step.response, .warn)
    XCTAssertEqual(finding.cause, .badInput, "\(finding)")
    XCTAssertEqual(finding.remedy, "skip the batch of step 10")
  }

  func testAReplayThatDoesNotFitCostsNoStep() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    let ward = try Ward(seed: 1)
    var calls = 0
    var watched = WatchedRun(ward.run) { (model, item: Ward.Item) in
      calls += 1
      if calls > 11 { Device.cpu.memoryLimit = 1 }
      return Ward.loss(model, item)
    }
    for item in ward.items(10) { _ = try watched.step(item) }
    var item = ward.items(1)[0]
    item.x = item.x + Double.nan
    let step = try watched.step(item)
    XCTAssertGreaterThan(calls, 11)
    XCTAssertEqual(step.findings.map(\.symptom), [.nonFiniteLoss])
    Device.cpu.memoryLimit = limit
    XCTAssertEqual(watched.run.steps, 11)
  }

  func testAnOperationOutsideOfItsDomainIsNamed() throws {
    let ward = try Ward(seed: 1)
    var watched = WatchedRun(ward.run) { (model, item: Ward.Item) in
      Ward.loss(model, item) + (item.isOdd ? (model(item.x) * 0).log().sum() * 0 : Tensor(0))
    }
    for item in ward.items(10) { _ = try watched.step(item) }
    var item = ward.items(1)[0]
    item.isOdd = true
    let finding = try XCTUnwrap(try watched.step(item).findings.first)
    XCTAssertEqual(finding.cause, .operationDomain, "\(finding)")
    XCTAssertTrue(finding.place?.contains("log") ?? false, "\(finding)")
  }

  func testALookInsideLeavesThreeTenthsOfTheDoubt() throws {
    let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 100)
    var watched = WatchedRun(ward.run, Ward.loss)
    var findings: [Finding] = []
    for item in ward.items(30) { findings += try watched.step(item).findings }
    let inside = try XCTUnwrap(findings.first { $0.severity >= .warning }, "\(findings)")
    XCTAssertNotEqual(inside.cause, .undetermined)
    XCTAssertTrue((0.95..<1).contains(inside.confidence), "\(inside)")
    // What was found before the first step was found inside.
    var fresh = WatchedRun(ward.run, Ward.loss)
    let expected = Finding(
      .inputScale, cause: .notNormalized, severity: .warning, step: 0, confidence: 0.9,
      evidence: [:], remedy: "none")
    XCTAssertEqual(fresh.take([expected])[0].confidence, 0.97, accuracy: 1e-12)
    var open = expected
    open.cause = .undetermined
    var other = WatchedRun(ward.run, Ward.loss)
    XCTAssertEqual(other.take([open])[0].confidence, 0.9)
  }

  func testARateThatIsTooHighIsTreated() throws {
    for rate in [3.0, 30, 3000] {
      let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: rate)
      var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
      var treatment: Treatment?
      for item in ward.items(400) { treatment = try watched.step(item).treatment ?? treatment }
      let found = try XCTUnwrap(treatment, "\(rate): \(watched.diagnosis())")
      XCTAssertLessThan(found.trial.lossAfter, found.trial.lossBefore)
      guard case .learningRate(let factor)? = found.remedies.first else {
        XCTFail("\(rate): \(found)")
        continue
      }
      XCTAssertLessThan(factor, 1)
      let last = watched.record.steps.suffix(20).compactMap(\.loss).reduce(0, +) / 20
      XCTAssertLessThan(last, 0.8, "\(rate): \(found)")
    }
  }

  func testALossScaleThatDoesNotFallIsTreated() throws {
    let ward = try Ward(seed: 4, precision: .mixed(.float16, scaler: .fixed(0x1p30)))
    var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
    for item in ward.items(100) { _ = try watched.step(item) }
    let treatment = try XCTUnwrap(watched.treatments.first)
    XCTAssertEqual(treatment.finding.symptom, .skippedSteps)
    XCTAssertEqual(treatment.finding.cause, .overflow)
    XCTAssertEqual(treatment.remedies, [.bfloat16])
    XCTAssertEqual(treatment.control.lossAfter, .infinity)
    XCTAssertEqual(watched.run.updates, 100)
  }

  func testARateThatClimbsTooHighIsTakenBackToTheBestState() throws {
    var finding: Finding?
    var care = Care.treating
    for rate in [0.003, 0.5] {
      let ward = try Ward(
        seed: 5, optimizer: Adam(), schedule: .warmup(steps: 400).then(.constant(rate)))
      // States that are closer together than the trouble is long.
      (care.snapshotInterval, care.snapshots) = (20, 2)
      var watched = WatchedRun(ward.run, care: care, Ward.loss)
      for item in ward.items(700) { finding = try watched.step(item).findings.first ?? finding }
      if rate < 0.1 {
        XCTAssertEqual(watched.treatments, [])
        continue
      }
      let treatment = try XCTUnwrap(watched.treatments.first)
      XCTAssertEqual(treatment.finding.cause, .learningRateTooHigh, "\(treatment)")
      XCTAssertLessThan(treatment.from, treatment.finding.step - 40)
      XCTAssertLessThan(treatment.trial.lossAfter, 0.6 * treatment.control.lossAfter)
    }
  }

  func testAForkTellsThatTheRateIsTooLow() throws {
    let ward = try Ward(seed: 6, rate: 1e-6)
    // A look inside would tell it by the updates.
    var watched = WatchedRun(ward.run, care: Care(examinationInterval: 0), Ward.loss)
    for item in ward.items(400) { _ = try watched.step(item) }
    let finding = try XCTUnwrap(watched.diagnosis().findings.first)
    XCTAssertEqual(finding.symptom, .plateau, "\(finding)")
    XCTAssertEqual(finding.cause, .learningRateTooLow, "\(finding)")
    XCTAssertEqual(watched.run.schedule, Schedule.constant(1e-6))
    XCTAssertEqual(watched.run.steps, 400)
  }

  func testWhatDoesNotHelpIsNotApplied() throws {
    // Labels without any relation to inputs: nothing can be learnt.
    let ward = try Ward(seed: 2, rate: 1e-9)
    var watched = WatchedRun(ward.run, care: .treating) { (model, item: Ward.Item) in
      crossEntropy(model(item.x), item.noise)
    }
    for item in ward.items(400) { _ = try watched.step(item) }
    XCTAssertEqual(watched.treatments, [])
    XCTAssertEqual(watched.run.schedule, Schedule.constant(1e-9))
  }
}

/// A small network with a teacher whose answers it can learn.
struct Ward {
  struct Item {
    var x, y, noise: Tensor
    var isOdd = false
  }

  let run: TrainingRun<Sequential>
  private let teacher: Tensor
  private let generator: RandomGenerator

  init(
    seed: UInt64, optimizer: any Optimizer = AdamW(), rate: Double = 1e-3,
    schedule: Schedule? = nil, precision: Precision = .full, width: Int = 32
  ) throws {
    generator = RandomGenerator(seed: seed)
    (run, teacher) = withRandomGenerator(generator) {
      let model = Sequential {
        Linear(8, width)
        ReLU()
        Linear(width, width)
        ReLU()
        Linear(width, 4)
      }
      let run = TrainingRun(
        model: model, optimizer: optimizer, schedule: schedule ?? .constant(rate),
        precision: precision)
      return (run, Tensor.randomNormal([8, 4]))
    }
  }

  func items(_ count: Int) -> [Item] {
    (0..<count).map { _ in
      let x = generator.normal([32, 8])
      let y = (x.matmul(teacher) + 0.3 * generator.normal([32, 4])).argmax(axis: 1)
      return Item(x: x, y: y, noise: generator.integers([32], in: 0..<4))
    }
  }

  static func loss(_ model: Sequential, _ item: Item) -> Tensor {
    crossEntropy(model(item.x), item.y)
  }
}
