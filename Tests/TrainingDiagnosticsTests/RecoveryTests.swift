import Foundation
import TrainingDiagnostics
import XCTest

/// Explosions that were spikes, which only a log that is complete can tell.
final class RecoveryTests: XCTestCase {
  /// A loss that is 18 times as high, with a norm of 90 times, for some steps from the 120th on.
  private func run(_ length: Int, steps: Int = 300, then slope: Double = 0) -> [StepRecord] {
    var noise = Noise(seed: 11)
    return (0..<steps).map { step in
      let isHigh = (120..<(120 + length)).contains(step)
      let loss = 1 + 2 * exp(-Double(step) / 30) + 0.02 * noise.uniform()
      return StepRecord(
        step: step, loss: loss * (isHigh ? 18 : 1) + slope * Double(max(0, step - 150)),
        gradientNorm: (0.5 + 0.05 * noise.uniform()) * (isHigh ? 90 : 1))
    }
  }

  private func reviewed(_ steps: [StepRecord]) -> (before: Diagnosis, after: Diagnosis) {
    var doctor = Doctor()
    for step in steps { doctor.observe(step) }
    doctor.conclude()
    let before = doctor.diagnosis()
    doctor.review()
    return (before, doctor.diagnosis())
  }

  func testALossThatCameBackWasASpike() throws {
    for length in [1, 2, 4] {
      let (before, after) = reviewed(run(length))
      XCTAssertEqual(before.findings.first?.symptom, .explosion)
      XCTAssertEqual(before.findings.first?.severity, .fault)
      XCTAssertTrue(after.isHealthy, "\(after)")
      let finding = try XCTUnwrap(after.findings.first { $0.symptom == .lossSpike }, "\(after)")
      XCTAssertEqual([finding.step, Int(finding.evidence["steps"] ?? 0)], [120, length])
      XCTAssertGreaterThan(try XCTUnwrap(finding.evidence["norm_ratio"]), 30)
      XCTAssertFalse(after.findings.contains { $0.symptom == .explosion }, "\(after)")
    }
  }

  func testALossThatStayedWasAnExplosion() {
    for steps in [run(40), run(9), run(1, steps: 121), run(1, steps: 123)] {
      let after = reviewed(steps).after
      XCTAssertEqual(after.findings.first?.symptom, .explosion, "\(after)")
    }
    var lost = run(1)
    for place in 122..<300 { lost[place].loss = .nan }
    XCTAssertTrue(reviewed(lost).after.findings.contains { $0.symptom == .explosion })
  }

  func testWhatSeemedToFollowIsTold() throws {
    let (before, after) = reviewed(run(1, steps: 800, then: 0.004))
    XCTAssertFalse(before.findings.contains { $0.symptom == .divergence }, "\(before)")
    XCTAssertEqual(after.findings.first?.symptom, .divergence, "\(after)")
  }

  func testSickRunsStaySick() {
    for sick in SickRuns.all {
      var doctor = Doctor()
      for step in sick.run.steps { doctor.observe(step) }
      doctor.conclude()
      doctor.review()
      XCTAssertFalse(doctor.findings.isEmpty, sick.run.name)
      if sick.symptom == .explosion {
        XCTAssertTrue(
          doctor.findings.contains { $0.symptom == .explosion }, "\(sick.run.name): \(doctor)")
      }
    }
  }
}
