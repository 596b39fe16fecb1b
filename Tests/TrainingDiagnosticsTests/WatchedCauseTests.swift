import TrainingDiagnostics
import TrainingKit
import XCTest

/// Causes that numbers do not tell: by forks, by what was looked at before the first step, and at a resume.
final class WatchedCauseTests: XCTestCase {
  /// Trains on items to the end, and says what was found.
  private func findings(
    _ ward: Ward, _ items: [Ward.Item], care: Care = .standard
  ) throws -> [Finding] {
    var watched = WatchedRun(ward.run, care: care, Ward.loss)
    for item in items { _ = try watched.step(item) }
    _ = try watched.conclude()
    return watched.diagnosis().findings
  }

  /// So many batches of one class, so many of the next, and so on.
  private func inOrder(block: Int) -> [Ward.Item] {
    let generator = RandomGenerator(seed: 1)
    let centers = 0.3 * generator.normal([4, 8])
    return (0..<260).map { step in
      let y = Tensor(Array(repeating: step / block % 4, count: 32))
      return Ward.Item(x: centers.taking(y) + generator.normal([32, 8]), y: y, noise: y)
    }
  }

  func testTheEndIsLookedIntoAsWell() throws {
    let ward = try Ward(seed: 6, rate: 1e-6)
    // A look inside would tell it earlier.
    let found = try findings(ward, ward.items(260), care: Care(examinationInterval: 0))
    let finding = try XCTUnwrap(found.first { $0.symptom == .plateau }, "\(found)")
    XCTAssertEqual(finding.cause, .learningRateTooLow, "\(finding)")
    XCTAssertNil(finding.nextTest)
  }

  func testWeightDecayThatIsTooStrongIsNamed() throws {
    let ward = try Ward(seed: 3, optimizer: AdamW(weightDecay: 50), rate: 3e-3)
    let found = try findings(ward, ward.items(260))
    XCTAssertEqual(found.first?.cause, .weightDecay, "\(found)")
    XCTAssertTrue(found.contains { $0.symptom == .weightCollapse }, "\(found)")
  }

  func testInputsThatShiftAreNamed() throws {
    let ward = try Ward(seed: 3)
    var items = ward.items(220)
    for place in 90..<items.count { items[place].x = items[place].x * 4 }
    let found = try findings(ward, items)
    XCTAssertEqual(found.first { $0.symptom == .inputShift }?.cause, .dataShift, "\(found)")
  }

  func testSequencesThatShiftAreNamed() throws {
    let found = try withRandomGenerator(RandomGenerator(seed: 3)) {
      let model = Sequential {
        LSTM(4, 8)
        FunctionLayer { $0[.all, -1] }
        Linear(8, 4)
      }
      let run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-2))
      var watched = WatchedRun(run) { (model, item: Ward.Item) in Ward.loss(model, item) }
      for step in 0..<210 {
        let (x, y) = (Tensor.randomNormal([16, 6, 4]), Tensor.randomIntegers([16], in: 0..<4))
        _ = try watched.step(Ward.Item(x: step < 100 ? x : x + 100, y: y, noise: y))
      }
      return watched.diagnosis().findings
    }
    XCTAssertEqual(found.first { $0.symptom == .inputShift }?.cause, .dataShift, "\(found)")
  }

  func testLabelsThatAreWrongForAStretchAreToldByTheDataNotTheRate() throws {
    let ward = try Ward(seed: 3)
    var items = ward.items(300)
    for place in 150..<220 { items[place].y = items[place].noise }
    let found = try findings(ward, items)
    let finding = try XCTUnwrap(found.first { $0.symptom == .levelRise }, "\(found)")
    XCTAssertEqual(finding.cause, .dataShift, "\(finding)")
    XCTAssertEqual(finding.severity, .warning)
    XCTAssertEqual(try XCTUnwrap(finding.evidence["other_data_from_step"]), 150, accuracy: 3)
  }

  func testALevelThatTheRateRaisesIsNotPutOnTheData() throws {
    let schedule = Schedule.table(steps: 121) { $0 < 120 ? 3e-3 : 0.3 }
    let ward = try Ward(seed: 4, optimizer: SGD(momentum: 0.9), schedule: schedule)
    let found = try findings(ward, ward.items(260))
    XCTAssertFalse(found.contains { $0.cause == .dataShift }, "\(found)")
  }

  func testNumbersOfTheOptimizerAreNamed() throws {
    for (optimizer, rate) in [
      (AdamW(epsilon: 1000), 1e-2), (SGD(momentum: 0.999), 0.1),
    ] as [(any Optimizer, Double)] {
      let ward = try Ward(seed: 6, optimizer: optimizer, rate: rate)
      let found = try findings(ward, ward.items(300))
      XCTAssertEqual(found.first?.cause, .optimizer, "\(found)")
    }
  }

  /// What was a note before the first step is a warning once a trial shows what it costs, where it does cost.
  func testANoteOnTheOptimizerIsWeighed() throws {
    let settings: [(AdamW, Severity)] = [
      (AdamW(epsilon: 3), .warning), (AdamW(beta2: 0.85), .note),
    ]
    for (optimizer, severity) in settings {
      let ward = try Ward(seed: 6, optimizer: optimizer, rate: 3e-3)
      let items = ward.items(120)
      let batch = Batch(x: items[0].x, y: items[0].y, indices: Array(0..<32))
      let seen = try Preflight(of: ward.run, on: [batch]) { crossEntropy($0($1.x), $1.y) }
        .findings()
      var watched = WatchedRun(ward.run, Ward.loss)
      XCTAssertEqual(watched.take(seen).map(\.severity), [.note])
      let told = try items.flatMap { try watched.step($0).findings }
      let finding = watched.diagnosis().findings.first { $0.symptom == .unusualSetting }
      XCTAssertEqual(finding?.severity, severity, "\(watched.diagnosis())")
      XCTAssertEqual(told.contains { $0.symptom == .unusualSetting }, severity == .warning)
    }
  }

  func testLabelsOfOneClassAreInOrderOnceOthersCome() throws {
    let (ward, items) = (try Ward(seed: 7, rate: 3e-2), inOrder(block: 40))
    let batches = items.prefix(8).map { Batch(x: $0.x, y: $0.y, indices: Array(0..<32)) }
    let seen = try Preflight(of: ward.run, on: batches) { crossEntropy($0($1.x), $1.y) }.findings()
    XCTAssertTrue(seen.contains { $0.cause == .constantLabels }, "\(seen)")
    var watched = WatchedRun(ward.run, Ward.loss)
    watched.take(seen)
    for item in items { _ = try watched.step(item) }
    let found = watched.diagnosis().findings.filter { $0.severity >= .warning }
    XCTAssertEqual(Set(found.map(\.cause)), [.dataOrder], "\(found)")
  }

  func testAModelThatLearnsByHeartWhatItCannotLearnIsTold() throws {
    let ward = try Ward(seed: 5, rate: 3e-3, width: 64)
    var items = ward.items(260)
    for place in items.indices { items[place].y = items[place].noise }
    let found = try findings(ward, items)
    let finding = try XCTUnwrap(found.first { $0.symptom == .plateau }, "\(found)")
    XCTAssertEqual(finding.cause, .gradientNoise, "\(finding)")
  }

  func testItemsInTheOrderOfTheirLabelsAreTold() throws {
    let found = try findings(Ward(seed: 7, rate: 3e-2), inOrder(block: 10))
    XCTAssertEqual(found.first?.cause, .dataOrder, "\(found)")
  }
}

extension WatchedCauseTests {
  /// Normalization keeps the losses as they are, and evaluation has nothing to go by any more.
  func testABatchThatSpoilsRunningStatisticsIsNamed() throws {
    // At step 200 the doctor looks inside, at the batch itself.
    for spoilt in [130, 200, nil] {
      let ward = try Ward(seed: 3)
      let model = withRandomGenerator(RandomGenerator(seed: 3)) {
        Sequential {
          BatchNorm(8)
          Linear(8, 32)
          ReLU()
          Linear(32, 4)
        }
      }
      let run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-2))
      var watched = WatchedRun(run) { (model, batch: Batch) in
        crossEntropy(model(batch.x), batch.y)
      }
      for (step, item) in ward.items(201).enumerated() {
        let x = step == spoilt ? item.x * (step == 200 ? -1e7 : 1e7) : item.x
        _ = try watched.step(Batch(x: x, y: item.y, indices: Array((32 * step)..<(32 * step + 32))))
      }
      let found = watched.diagnosis().findings.filter { $0.severity >= .warning }
      XCTAssertEqual(found.map(\.symptom), spoilt == nil ? [] : [.modeMismatch], "\(found)")
      guard let finding = found.first else { continue }
      XCTAssertEqual(finding.cause, .dataOutlier, "\(finding)")
      XCTAssertEqual(finding.began ?? finding.step, spoilt, "\(finding)")
      XCTAssertEqual(finding.examples.first, spoilt.map { 32 * $0 }, "\(finding)")
    }
  }

  /// What first steps that were too large have cost is for a trial to tell, where the losses did not explode.
  func testAHighRateAtFirstIsANoteUnlessTheRunLearns() throws {
    for (there, since, severity) in [(2.0, 1.8, Severity.note), (3, 1.8, .warning), (1, 0.5, nil)] {
      var (doctor, noise) = (Doctor([EarlyRate()]), Noise(seed: 5))
      for step in 0..<120 {
        let level = step == 0 ? 2 : step < 20 ? there : since
        doctor.observe(
          StepRecord(
            step: step, loss: level * noise.factor(0.01), learningRate: step < 20 ? 0.1 : 0.003))
      }
      let finding = doctor.findings.first
      XCTAssertEqual(finding?.severity, severity, "\(doctor.findings)")
      XCTAssertEqual(finding?.cause, severity == nil ? nil : .schedule)
    }
    var run = try Ward(seed: 4, schedule: .constant(1)).run
    Remedy.firstLearningRates(times: 0.1, updates: 20).apply(to: &run)
    XCTAssertEqual([0, 19, 20].map { run.schedule.learningRate(at: $0) }, [0.1, 0.1, 1])
  }

  /// No rule tells of it here, and by the time that one would the start is forgotten.
  func testARunThatLeadsNowhereIsTriedFromItsStart() throws {
    for (rate, cause) in [
      (1.0, Cause.learningRateTooHigh), (1e-6, .learningRateTooLow), (3e-3, nil),
    ] {
      let ward = try Ward(seed: 4, rate: rate)
      var watched = WatchedRun(ward.run, doctor: Doctor([]), Ward.loss)
      for item in ward.items(130) { _ = try watched.step(item) }
      let found = watched.diagnosis().findings
      XCTAssertEqual(found.map(\.cause), cause.map { [$0] } ?? [], "\(rate): \(found)")
      XCTAssertEqual(watched.run.steps, 130)
    }
  }

  func testABadStartThatWasSeenBeforeTheFirstStepIsTreated() throws {
    let ward = try Ward(seed: 8)
    for named in ward.run.model.parameters where named.parameter.value.rank == 2 {
      named.parameter.value = named.parameter.value.detached() * 30
    }
    let items = ward.items(100)
    let batch = Batch(x: items[0].x, y: items[0].y, indices: Array(0..<32))
    let seen = try Preflight(of: ward.run, on: [batch]) { crossEntropy($0($1.x), $1.y) }.findings()
    var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
    let told = watched.take(seen)
    XCTAssertTrue(told.contains { $0.cause == .initialization }, "\(seen)")
    XCTAssertEqual(watched.take(seen), [])
    for item in items { _ = try watched.step(item) }
    let treatment = try XCTUnwrap(watched.treatments.first, "\(watched.diagnosis())")
    XCTAssertEqual(treatment.from, 0)
    guard case .initialization? = treatment.remedies.first else {
      return XCTFail("\(treatment)")
    }
    XCTAssertLessThan(treatment.trial.lossAfter, 0.5 * treatment.control.lossAfter)
  }

  func testARunThatGoesOnWithoutItsOptimizersStateIsTold() throws {
    for isLost in [true, false] {
      let ward = try Ward(seed: 2)
      let items = ward.items(80)
      var watched = WatchedRun(ward.run, Ward.loss)
      for item in items[..<60] { _ = try watched.step(item) }
      var run = watched.run
      if isLost { run.optimizer.states = [:] }
      var resumed = WatchedRun(run, doctor: watched.doctor, Ward.loss)
      let first = try resumed.step(items[60]).findings
      XCTAssertEqual(first.first?.cause, isLost ? .lostState : nil, "\(first)")
      for item in items[61...] { _ = try resumed.step(item) }
      XCTAssertEqual(resumed.diagnosis().isHealthy, !isLost, "\(resumed.diagnosis())")
    }
  }

  func testARunThatGoesOnWithOtherWeightsIsTold() throws {
    let ward = try Ward(seed: 2, rate: 1e-2)
    let items = ward.items(100)
    var watched = WatchedRun(ward.run, Ward.loss)
    for item in items[..<80] { _ = try watched.step(item) }
    for named in watched.run.model.parameters {
      named.parameter.value = named.parameter.value.detached() * 0.2
    }
    var resumed = WatchedRun(watched.run, doctor: watched.doctor, Ward.loss)
    for item in items[80...] { _ = try resumed.step(item) }
    let found = resumed.diagnosis().findings
    XCTAssertEqual(found.first { $0.symptom == .resumeJump }?.cause, .lostState, "\(found)")
  }

  /// Noise hides what five losses would tell.
  func testALevelThatRisesAtAResumeIsPutOnIt() {
    for resume in [203, 150, nil] {
      var (doctor, noise) = (Doctor(), Noise(seed: 5))
      for step in 0..<300 {
        if step == resume { doctor.noteResume(at: step) }
        let level = step < 203 ? 2.0 : 2.2
        doctor.observe(StepRecord(step: step, loss: level * noise.factor(0.06)))
      }
      let symptom = resume == 203 ? Symptom.resumeJump : .levelRise
      let finding = doctor.findings.first { $0.symptom == symptom }
      XCTAssertEqual(
        finding?.cause, resume == 203 ? .lostState : .undetermined, "\(doctor.findings)")
      XCTAssertEqual(finding?.severity, resume == 203 ? .warning : .note)
    }
  }

  func testATreatmentThatFailsHalfWayIsUndone() throws {
    struct Stop: Error {}
    final class Calls { var count = 0, limit = Int.max }
    var failures = 0
    for allowed in [0, 1, 10, 100, 300, 1000, 3000] {
      let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 30)
      let calls = Calls()
      var watched = WatchedRun(ward.run, care: .treating) { (model, item: Ward.Item) in
        calls.count += 1
        if calls.count > calls.limit { throw Stop() }
        return Ward.loss(model, item)
      }
      var steps = 0
      for item in ward.items(60)
      where watched.diagnosis().isHealthy && watched.treatments.isEmpty {
        // The loss may be called for the step, and so often for what follows from it.
        calls.limit = calls.count + 1 + allowed
        do { _ = try watched.step(item) } catch is Stop { failures += 1 }
        steps += 1
      }
      XCTAssertEqual(watched.run.steps, steps)
      XCTAssertEqual(watched.record.steps.count, steps)
      let weights = watched.run.model.parameters[0].parameter.value.detached()
      if watched.treatments.isEmpty {
        var plain = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 30).run
        for item in try Ward(seed: 2).items(steps) { _ = try plain.step { Ward.loss($0, item) } }
        XCTAssertTrue(
          plain.model.parameters[0].parameter.value.detached().isIdentical(to: weights))
        XCTAssertEqual(plain.schedule.learningRate(at: 0), 30)
      }
      XCTAssertEqual(watched.run.schedule.learningRate(at: 0) == 30, watched.treatments.isEmpty)
    }
    XCTAssertGreaterThan(failures, 3)
    XCTAssertLessThan(failures, 7)
  }
}
