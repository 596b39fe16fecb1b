import Foundation
import TrainingDiagnostics
import XCTest

/// When trouble began, beside when it was sure.
final class OnsetTests: XCTestCase {
  /// A loss that falls to 1, and rises from a step on.
  private func rise(from onset: Int, by slope: Double) -> [StepRecord] {
    var noise = Noise(seed: 7)
    return (0..<600).map { step in
      let fallen = 1 + 2 * exp(-Double(step) / 40)
      let loss = fallen + slope * Double(max(0, step - onset)) + 0.01 * noise.uniform()
      return StepRecord(step: step, loss: loss, gradientNorm: 1 + 0.1 * noise.uniform())
    }
  }

  func testADivergenceBeganWhereTheLossWasBest() throws {
    let found = Doctor.diagnose(rise(from: 300, by: 0.01)).findings
    let finding = try XCTUnwrap(found.first { $0.symptom == .divergence })
    XCTAssertEqual(Double(try XCTUnwrap(finding.began)), 300, accuracy: 20)
    XCTAssertGreaterThan(finding.step, 330)
    let time = "began at step \(finding.began!), sure at step \(finding.step)"
    XCTAssertEqual(finding.time, time)
    XCTAssertTrue("\(finding)".hasPrefix("fault, \(time) in loss: divergence ("), "\(finding)")
  }

  func testAnExplosionBeganWithTheFirstLossAboveAll() throws {
    var steps = rise(from: 1000, by: 0)
    for place in 400..<600 {
      steps[place].loss = steps[place].loss! * pow(1.3, Double(place - 399))
      steps[place].gradientNorm = pow(1.3, Double(place - 399))
    }
    let found = Doctor.diagnose(steps).findings
    let finding = try XCTUnwrap(found.first { $0.symptom == .explosion })
    XCTAssertEqual(finding.began, 400)
    XCTAssertGreaterThan(finding.step, 400)
  }

  func testDeadUnitsBeganWithTheFirstExaminationThatSawThem() throws {
    let steps = (0..<100).map { step in
      var record = StepRecord(step: step, loss: 2)
      if step % 10 == 0 {
        let share = step < 40 ? 0 : 0.99
        let layer = ActivationDetails(
          path: "1", operation: "relu", rms: 1, largest: 2, deadShare: share)
        let last = ActivationDetails(path: "2", operation: "relu", rms: 1, largest: 2, deadShare: 0)
        record.details = StepDetails(parameters: [], activations: [layer, last])
      }
      return record
    }
    let found = Doctor.diagnose(steps).findings
    let finding = try XCTUnwrap(found.first { $0.symptom == .deadUnits })
    XCTAssertEqual([finding.began, finding.step], [40, 60])
  }

  func testTheBeginningComesBeforeTheEnd() throws {
    var told: Set<Symptom> = []
    for sick in SickRuns.all {
      for finding in Doctor.diagnose(sick.run.steps).findings {
        guard let began = finding.began else { continue }
        XCTAssertLessThan(began, finding.step, "\(finding)")
        XCTAssertGreaterThanOrEqual(began, sick.run.steps[0].step, "\(finding)")
        told.insert(finding.symptom)
      }
    }
    XCTAssertGreaterThan(told.count, 24, "\(told.count) \(told)")
  }

  func testItIsKeptInJSONWhereThereIsOne() throws {
    let late = Finding(
      .plateau, severity: .note, step: 160, began: 120, confidence: 1, evidence: [:],
      remedy: "none")
    let data = try JSONEncoder().encode(late)
    XCTAssertTrue(String(decoding: data, as: UTF8.self).contains("\"began\":120"))
    XCTAssertEqual(try JSONDecoder().decode(Finding.self, from: data), late)
    let sudden = Finding(
      .plateau, severity: .note, step: 160, began: 160, confidence: 1, evidence: [:],
      remedy: "none")
    XCTAssertNil(sudden.began)
    XCTAssertEqual(sudden.time, "at step 160")
  }
}
