import Foundation
import TrainingDiagnostics
import XCTest

/// What findings say, and which of them are heard.
final class FindingTests: XCTestCase {
  private let finding = Finding(
    .lossSpike, cause: .dataOutlier, severity: .note, step: 12, confidence: 1.5,
    evidence: ["loss": 5.0981, "unknown": nil, "norm_ratio": 1 / 3, "best_step": 71_409],
    remedy: "none", sources: ["a paper"])

  func testAFindingIsOneLine() {
    XCTAssertEqual(
      "\(finding)",
      "note at step 12: loss spike (loss 5.098, gradient norm 0.3333 times the usual, best at step 71409); "
        + "cause: data outlier; remedy: none")
    XCTAssertEqual(finding.confidence, 1)
    XCTAssertEqual(finding.evidence["loss"], 5.0981)
    XCTAssertNil(finding.evidence["unknown"])
  }

  func testNumbersAreShort() {
    let cases: [(Double, String)] = [
      (0, "0"), (1, "1"), (-2.5, "-2.5"), (123_456_789, "123456789"), (0.1 + 0.2, "0.3"),
      (12345.678, "12350"), (1_073_741_824, "1.074e9"), (-8.602e11, "-8.602e11"),
      (1e-7, "1e-07"), (9.601999999e29, "9.602e29"), (-7.8292e5, "-782920"),
      (1.23456e-20, "1.235e-20"),
      (.greatestFiniteMagnitude, "1.798e308"), (.leastNonzeroMagnitude, "4.941e-324"),
    ]
    for (number, text) in cases {
      XCTAssertEqual("\(Evidence([("x", number)]))", "x " + text)
    }
  }

  func testTheSchemaIsStable() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(finding), as: UTF8.self)
    XCTAssertEqual(
      text,
      #"{"cause":"data_outlier","confidence":1,"evidence":{"best_step":71409,"loss":5.0981,"#
        + #""norm_ratio":0.3333333333333333},"remedy":"none","severity":"note","sources":["a paper"],"#
        + #""step":12,"symptom":"loss_spike"}"#)
    XCTAssertEqual(try JSONDecoder().decode(Finding.self, from: Data(text.utf8)), finding)
  }

  func testEveryFindingSurvivesCoding() throws {
    for sick in SickRuns.all {
      let diagnosis = Doctor.diagnose(sick.run.steps)
      let data = try JSONEncoder().encode(diagnosis)
      XCTAssertEqual(try JSONDecoder().decode(Diagnosis.self, from: data), diagnosis)
    }
  }

  /// Reports what it is told to, by the number of the step.
  private struct Scripted: Analyzer {
    static let name = "scripted"
    let script: [Int: Finding]

    mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
      script[step.step]
    }
  }

  private func finding(_ symptom: Symptom, _ severity: Severity, _ step: Int) -> Finding {
    Finding(
      symptom, severity: severity, step: step, confidence: 1, evidence: [:], remedy: "none",
      nextTest: "none")
  }

  private func heard(_ script: [Finding]) -> Doctor {
    let byStep = Dictionary(script.map { ($0.step, $0) }) { first, _ in first }
    var doctor = Doctor([Scripted(script: byStep)])
    for step in 0..<100 { doctor.observe(StepRecord(step: step)) }
    doctor.conclude()
    return doctor
  }

  func testAnIllnessIsHeardOnceUnlessItGetsWorse() {
    let doctor = heard([
      finding(.lossSpike, .note, 3), finding(.lossSpike, .note, 5),
      finding(.lossSpike, .warning, 7), finding(.lossSpike, .note, 9),
    ])
    XCTAssertEqual(doctor.findings.map(\.step), [3, 7])
    XCTAssertEqual(doctor.diagnosis().findings.map(\.step), [7])
    XCTAssertEqual(doctor.diagnosis().findings[0].evidence["occurrences"], 4)
  }

  func testConsequencesAreSilent() {
    let doctor = heard([
      finding(.explosion, .fault, 3), finding(.nonFiniteLoss, .fault, 5),
      finding(.overfitting, .warning, 7),
    ])
    XCTAssertEqual(doctor.findings.map(\.symptom), [.explosion, .nonFiniteLoss])
    XCTAssertEqual(doctor.diagnosis().findings.map(\.symptom), [.explosion, .nonFiniteLoss])
  }

  func testTheGraverAndTheCauseComeFirst() {
    let diagnosis = heard([
      finding(.lossSpike, .note, 1), finding(.clippingDominates, .warning, 2),
      finding(.vanishingGradients, .fault, 3), finding(.zeroLearningRate, .fault, 4),
    ]).diagnosis()
    XCTAssertEqual(
      diagnosis.findings.map(\.symptom),
      [.zeroLearningRate, .vanishingGradients, .clippingDominates, .lossSpike])
    XCTAssertEqual(diagnosis.health, "sick: 100 steps, 2 faults, 1 warning, 1 note")
  }

  func testThereIsABudgetForAllButFaults() {
    let script = (0..<60).map { finding(Symptom(rawValue: "illness_\($0)"), .warning, $0) }
    let doctor = heard(script + [finding(.explosion, .fault, 70)])
    XCTAssertEqual(doctor.findings.count, 21)
    XCTAssertEqual(doctor.findings.last?.symptom, .explosion)
  }

  func testAnAnalyzerOfAUserIsHeardBesideOurs() {
    let mine = Scripted(script: [40: finding(Symptom(rawValue: "too_loud"), .warning, 40)])
    let diagnosis = Doctor.diagnose(SickRuns.bloom, with: AnalyzerCatalog.standard + [mine])
    XCTAssertEqual(diagnosis.findings.first?.symptom, .explosion)
    let healthy = (0..<50).map { StepRecord(step: $0, loss: 1) }
    XCTAssertEqual(
      Doctor.diagnose(healthy, with: AnalyzerCatalog.standard + [mine]).findings.map(
        \.symptom.rawValue),
      ["too_loud"])
  }
}
