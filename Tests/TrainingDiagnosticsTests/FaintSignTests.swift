import TrainingDiagnostics
import TrainingKit
import XCTest

/// Signs that noise hides from rules for what is plain: each beside a run that is well and looks like it.
final class FaintSignTests: XCTestCase {
  /// What is found of losses about levels, and rates, by step.
  private func findings(
    _ doctor: Doctor = Doctor(), steps: Int = 300, noise share: Double, seed: UInt64 = 5,
    resume: Int? = nil, rate: (Int) -> Double? = { _ in nil }, _ level: (Int) -> Double
  ) -> [Finding] {
    var (doctor, noise) = (doctor, Noise(seed: seed))
    for step in 0..<steps {
      if step == resume { doctor.noteResume(at: step) }
      doctor.observe(
        StepRecord(
          step: step, loss: level(step) * noise.factor(share), learningRate: rate(step)))
    }
    doctor.conclude()
    return doctor.findings
  }

  func testALevelThatRisesWithTheRateIsPutOnIt() {
    for (jump, isTold) in [(203, true), (150, false), (1000, false)] {
      let found = findings(noise: 0.06, rate: { $0 < jump ? 1e-3 : 1e-2 }) { $0 < 203 ? 2 : 2.2 }
      let finding = found.first { $0.symptom == .learningRateJump && $0.severity >= .warning }
      XCTAssertEqual(finding?.cause, isTold ? .schedule : nil, "\(jump): \(found)")
      XCTAssertEqual(finding?.step, isTold ? 203 : nil)
    }
  }

  func testARateFromWhichOnLossesHardlyFallIsANote() {
    for (factor, level, isNoted) in [(10.0, 1.95, true), (10, 1.7, false), (5, 2, false)] {
      let found = findings(noise: 0.02, rate: { $0 < 150 ? 1e-3 : factor * 1e-3 }) {
        $0 < 150 ? 2 : level
      }
      let finding = found.first { $0.symptom == .learningRateJump }
      XCTAssertEqual(finding?.severity, isNoted ? .note : nil, "\(factor), \(level): \(found)")
      XCTAssertEqual(finding?.evidence["rate_before"], isNoted ? 1e-3 : nil)
    }
  }

  func testARiseBehindAResumeIsToldWhereItIsClear() {
    for (level, isTold) in [(2.085, true), (2, false)] {
      for seed in 1...8 as ClosedRange<UInt64> {
        let found = findings(noise: 0.02, seed: seed, resume: 203) { $0 < 203 ? 2 : level }
        let finding = found.first { $0.symptom == .resumeJump }
        XCTAssertEqual(finding?.cause, isTold ? .lostState : nil, "\(seed): \(found)")
      }
    }
  }

  func testAHighRateAtFirstThatGainsNothingIsAWarning() {
    for (there, since, severity) in [(2.3, 2.05, Severity.warning), (2.3, 1.8, .note)] {
      let found = findings(
        Doctor([EarlyRate()]), steps: 120, noise: 0.01, rate: { $0 < 20 ? 0.1 : 0.003 }
      ) { $0 == 0 ? 2 : $0 < 20 ? there : since }
      XCTAssertEqual(found.map(\.severity), [severity], "\(found)")
    }
  }

  func testAFallThatIsHardlyClearIsSlow() {
    for (fall, rate, isTold) in [(0.03, 1.0, true), (0, 1, false), (0.03, 0.1, false)] {
      let found = findings(
        Doctor([SlowConvergence()]), steps: 400, noise: 0.02,
        rate: { $0 < 200 ? 1e-3 : 1e-3 * rate }
      ) { 2 * (1 - fall * Double($0) / 400) }
      XCTAssertEqual(found.map(\.symptom), isTold ? [.slowConvergence] : [], "\(found)")
    }
  }

  func testInputsThatAreSomewhatLargerAreToldWhereTheyAreSteady() {
    for (factor, spread, isTold) in [(1.2, 0.01, true), (1.1, 0.01, false), (1.2, 0.1, false)] {
      var (doctor, noise) = (Doctor([InputShift()]), Noise(seed: 3))
      for step in 0..<24 {
        let level = (step < 12 ? 1 : factor) * noise.factor(spread)
        doctor.observe(
          StepRecord(
            step: step, loss: 1,
            details: StepDetails(parameters: [], activations: [], inputRMS: level)))
      }
      XCTAssertEqual(doctor.findings.map(\.cause), isTold ? [.dataShift] : [], "\(factor)")
    }
  }

  func testUnitsThatDieWhileWeightsAreThrownWereKilledByTheRate() throws {
    for (growth, rate, cause) in [
      (5.0, 1.0, Cause.learningRateTooHigh), (1, 1, .undetermined), (1, 0.1, .learningRateTooHigh),
    ] {
      var doctor = Doctor([DeadUnits()])
      for step in 0..<100 {
        var record = StepRecord(step: step, loss: 2, learningRate: step < 50 ? 0.1 : 0.1 * rate)
        if step % 10 == 0 {
          let layers = ["1", "2"].map { path in
            ActivationDetails(
              path: path, operation: "relu", rms: 1, largest: 2,
              deadShare: path == "1" && step >= 40 ? 0.99 : 0)
          }
          let weight = ParameterDetails(
            path: "0.weight", count: 64, rank: 2, weightRMS: step < 40 ? 0.1 : 0.1 * growth,
            weightLargest: 1)
          record.details = StepDetails(parameters: [weight], activations: layers)
        }
        doctor.observe(record)
      }
      let finding = try XCTUnwrap(doctor.findings.first { $0.symptom == .deadUnits })
      XCTAssertEqual(finding.cause, cause, "\(growth), \(rate)")
    }
  }
}

extension FaintSignTests {
  /// Trains a ward on items, with what is seen before the first step where that is asked for.
  private func findings(
    _ ward: Ward, _ items: [Ward.Item], doctor: Doctor = Doctor()
  ) throws -> [Finding] {
    var watched = WatchedRun(ward.run, doctor: doctor, Ward.loss)
    for item in items { _ = try watched.step(item) }
    _ = try watched.conclude()
    return watched.diagnosis().findings
  }

  /// A tenth of the rate gains twice as much, in a run that gains something.
  func testWeightsThatAreThrownAboutAreTriedFromTheStart() throws {
    for (rate, seed, isTold) in [(0.3, 3, true), (0.4, 1, true), (0.4, 2, true), (1e-2, 3, false)] {
      let ward = try Ward(seed: UInt64(seed), rate: rate)
      let found = try findings(ward, ward.items(130), doctor: Doctor([]))
      XCTAssertEqual(
        found.map(\.cause), isTold ? [.learningRateTooHigh] : [], "\(rate), \(seed): \(found)")
    }
  }

  func testLabelsThatAreMixedUpAreTold() throws {
    for (share, isTold) in [(0.5, true), (0.15, false)] {
      for seed in 1...2 as ClosedRange<UInt64> {
        let ward = try Ward(seed: seed, rate: 1e-2)
        var items = ward.items(260)
        for place in items.indices {
          let isMixed = (Tensor.range(0, 32) .< Int(32 * share)).cast(to: .int64)
          items[place].y = items[place].y + isMixed * (items[place].noise - items[place].y)
        }
        let found = try findings(ward, items).filter { $0.symptom == .noisyLabels }
        XCTAssertEqual(found.map(\.cause), isTold ? [.wrongLabels] : [], "\(share): \(found)")
        if isTold {
          let mixed = try XCTUnwrap(found.first?.evidence["mixed_share"])
          XCTAssertEqual(mixed, share, accuracy: 0.15)
        }
      }
    }
  }

  /// The same, of a loss that a blind guess would beat: such a model has no labels to blame.
  func testLabelsAreNotBlamedByAModelThatKnowsLess() throws {
    let ward = try Ward(seed: 1, rate: 1e-2)
    var watched = WatchedRun(ward.run) { Ward.loss($0, $1) + 2 }
    for item in ward.items(260) {
      let isMixed = (Tensor.range(0, 32) .< 16).cast(to: .int64)
      let y = item.y + isMixed * (item.noise - item.y)
      _ = try watched.step(Ward.Item(x: item.x, y: y, noise: item.noise))
    }
    let found = try watched.conclude()
    XCTAssertFalse(found.contains { $0.symptom == .noisyLabels }, "\(found)")
  }

  /// Classes that are close are taken for each other, and no label is wrong.
  func testMistakesBetweenNeighboursAreNoWrongLabels() throws {
    let ward = try Ward(seed: 2, rate: 1e-2)
    let generator = RandomGenerator(seed: 3)
    var items = ward.items(260)
    for place in items.indices {
      let isOther = generator.bernoulli([32], probability: 0.45).cast(to: .int64)
      let y = items[place].y
      // 0 and 1, and 2 and 3, are alike.
      items[place].y = y + isOther * (1 - 2 * (y - 2 * (y .> 1).cast(to: .int64)))
    }
    let found = try findings(ward, items).filter { $0.symptom == .noisyLabels }
    XCTAssertEqual(found, [])
  }

  /// Where the losses of the steps tell the place, those at earlier weights need not be as clear.
  func testLabelsThatAreWrongInSmallBatchesAreToldByTheData() throws {
    for (rate, start) in [(5e-4, 90), (5e-4, 120), (1e-3, 70)] {
      let ward = try Ward(seed: 3, rate: rate)
      let items = ward.items(220).enumerated().map { place, item in
        Ward.Item(
          x: item.x[..<8], y: (place < start ? item.y : item.noise)[..<8], noise: item.noise[..<8])
      }
      let found = try findings(ward, items)
      let finding = try XCTUnwrap(found.first { $0.symptom == .levelRise }, "\(found)")
      XCTAssertEqual(finding.cause, .dataShift, "\(finding)")
      XCTAssertEqual(finding.severity, .warning)
    }
  }

  /// A higher rate helps, as weights of 16 bits round small steps away.
  func testALossThatRoundingHoldsIsNotPutOnTheRate() throws {
    let run = LayerCase(
      "small steps", steps: 202, optimizer: AdamW(), rate: 1e-5,
      { (LayerWard.half(), LayerWard.classes()) }, loss: LayerWard.halfLoss)
    for seed in 1...2 as ClosedRange<UInt64> {
      let found = try run.diagnosis(seed).findings
      let finding = try XCTUnwrap(found.first { $0.symptom == .plateau }, "\(found)")
      XCTAssertEqual(finding.cause, .rounding, "\(seed): \(found)")
    }
  }
}
