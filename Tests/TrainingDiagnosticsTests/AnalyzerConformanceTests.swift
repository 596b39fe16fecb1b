import TrainingDiagnostics
import XCTest

/// Every analyzer finds what it is there for, and leaves healthy runs alone.
final class AnalyzerConformanceTests: XCTestCase {
  private var names: [String] { AnalyzerCatalog.standard.map { type(of: $0).name } }

  func testEveryAnalyzerFindsItsSickRuns() {
    for sick in SickRuns.all {
      let analyzers = AnalyzerCatalog.standard.filter { type(of: $0).name == sick.analyzer }
      XCTAssertEqual(analyzers.count, 1, sick.analyzer)
      let diagnosis = Doctor.diagnose(sick.run.steps, with: analyzers)
      XCTAssertTrue(
        diagnosis.findings.contains { $0.symptom == sick.symptom && $0.severity >= sick.severity },
        "\(sick.analyzer) says of \(sick.run.name): \(diagnosis)")
    }
  }

  func testEveryAnalyzerHasSickRuns() {
    XCTAssertEqual(Set(names), Set(SickRuns.all.map(\.analyzer)))
    XCTAssertEqual(Set(names).count, names.count)
  }

  func testTheDoctorFindsEverySickRun() {
    for sick in SickRuns.all {
      let diagnosis = Doctor.diagnose(sick.run.steps)
      XCTAssertFalse(diagnosis.findings.isEmpty, "\(sick.run.name) is healthy")
    }
  }

  func testTheDoctorLeavesHealthyRunsAlone() {
    for run in HealthyRuns.all {
      let diagnosis = Doctor.diagnose(run.steps)
      XCTAssertTrue(diagnosis.isHealthy, "\(run.name): \(diagnosis)")
    }
  }

  func testAnalyzersLeaveOtherIllnessesAlone() {
    for (name, run) in SickLayers.others {
      let analyzers = AnalyzerCatalog.standard.filter { type(of: $0).name == name }
      let diagnosis = Doctor.diagnose(run.steps, with: analyzers)
      XCTAssertTrue(diagnosis.isHealthy, "\(run.name): \(diagnosis)")
    }
  }

  func testEveryFindingIsComplete() {
    for sick in SickRuns.all {
      for finding in Doctor.diagnose(sick.run.steps).findings {
        XCTAssertFalse(finding.remedy.isEmpty, "\(finding)")
        XCTAssertFalse(finding.evidence.entries.isEmpty, "\(finding)")
        XCTAssertTrue((0...1).contains(finding.confidence), "\(finding)")
        // What is not known comes with the test that would tell.
        XCTAssertTrue(finding.cause != .undetermined || finding.nextTest != nil, "\(finding)")
        XCTAssertFalse("\(finding)".contains("\n"))
      }
    }
  }

  func testUnitsDoNotMatter() {
    for sick in SickRuns.all
    where sick.run.steps.contains(where: { $0.loss.map { $0 > 0 } ?? false }) {
      for scale in [0x1p-20, 0x1p20] {
        let steps = sick.run.steps.map { step in
          var step = step
          step.loss = step.loss.map { $0 * scale }
          step.gradientNorm = step.gradientNorm.map { $0 * scale }
          step.trainLoss = step.trainLoss.map { $0 * scale }
          step.validationLoss = step.validationLoss.map { $0 * scale }
          let evaluationLoss = step.details?.evaluationLoss
          step.details?.evaluationLoss = evaluationLoss.map { $0 * scale }
          return step
        }
        XCTAssertEqual(
          Doctor.diagnose(steps).findings.map(\.symptom),
          Doctor.diagnose(sick.run.steps).findings.map(\.symptom), "\(sick.run.name) times \(scale)"
        )
      }
    }
  }

  func testWhatIsMissingCostsNoTrap() {
    for sick in SickRuns.all {
      for quantity in Quantity.allCases {
        let steps = sick.run.steps.map { step in
          var step = step
          step[quantity] = nil
          return step
        }
        _ = Doctor.diagnose(steps)
      }
    }
  }

  func testWildNumbersCostNoTrap() {
    let values = [
      0, -0.0, 1, -1, .nan, .infinity, -.infinity, 1e308, -1e308, .leastNonzeroMagnitude, 1e-300,
    ]
    var noise = Noise(seed: 3)
    for _ in 0..<20 {
      let steps = (0..<300).map { place in
        var step = StepRecord(
          step: [place, Int.max, Int.min, 0][noise.uniform() < 0.9 ? 0 : place % 4])
        for quantity in Quantity.allCases where noise.uniform() < 0.7 {
          step[quantity] = values[Int(noise.uniform() * Double(values.count))]
        }
        step.details = wildDetails(&noise, values)
        return step
      }
      _ = Doctor.diagnose(steps)
    }
  }

  private func wildDetails(_ noise: inout Noise, _ values: [Double]) -> StepDetails {
    func wild(_ noise: inout Noise) -> Double { values[Int(noise.uniform() * 11)] }
    func known(_ noise: inout Noise) -> Double? { noise.uniform() < 0.8 ? wild(&noise) : nil }
    let counts = [0, 1, -1, .max, .min]
    return StepDetails(
      parameters: (0..<Int(noise.uniform() * 8)).map { place in
        ParameterDetails(
          path: "\(place).weight", count: [0, 64, .max, .min][place % 4], rank: 2,
          gradientRMS: known(&noise), gradientZeroShare: known(&noise),
          weightRMS: known(&noise), weightLargest: wild(&noise), updateRMS: known(&noise),
          unmovedShare: known(&noise), role: noise.uniform() < 0.5 ? .embedding : nil,
          secondMomentLag: known(&noise))
      },
      activations: (0..<Int(noise.uniform() * 8)).map { place in
        ActivationDetails(
          path: "\(place)", operation: place % 2 == 0 ? nil : "relu", rms: known(&noise),
          largest: wild(&noise), deadShare: known(&noise), saturatedShare: known(&noise),
          largestScore: known(&noise), attentionEntropy: known(&noise))
      },
      logits: LogitDetails(
        classes: counts[Int(noise.uniform() * 5)], meanLogNormalizer: known(&noise),
        largestLogNormalizer: wild(&noise)),
      memory: MemoryDetails(
        live: counts[Int(noise.uniform() * 5)], peak: 0,
        byOwner: ["user": counts[Int(noise.uniform() * 5)]]))
  }
}
