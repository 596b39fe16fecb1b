import TrainingDiagnostics
import TrainingKit
import XCTest

/// Runs of the engine, sick and healthy, diagnosed from what their steps report.
final class EngineRunTests: XCTestCase {
  private func diagnose(
    rate: Double, optimizer: some Optimizer, seed: UInt64 = 1,
    noise: Double = 0.3, batch: Int = 32,
    clip: Double = .infinity
  ) throws -> Diagnosis {
    let generator = RandomGenerator(seed: seed)
    return try withRandomGenerator(generator) {
      let model = Sequential {
        Linear(8, 32)
        ReLU()
        Linear(32, 32)
        ReLU()
        Linear(32, 4)
      }
      let teacher = Tensor.randomNormal([8, 4])
      var run = TrainingRun(
        model: model, optimizer: optimizer, schedule: .constant(rate))
      var doctor = Doctor()
      for _ in 0..<400 {
        let x = Tensor.randomNormal([32, 8])
        let labels = (x.matmul(teacher) + 0.3 * Tensor.randomNormal([32, 4])).argmax(axis: 1)
        do {
          doctor.observe(StepRecord(try run.step { model in crossEntropy(model(x), labels) }))
        } catch is RunError {
          break
        }
      }
      doctor.conclude()
      return doctor.diagnosis()
    }
  }

  func testUsualRatesAreHealthy() throws {
    for seed in [UInt64](1...2) {
      for rate in [0.01, 0.1] {
        let diagnosis = try diagnose(rate: rate, optimizer: SGD(momentum: 0.9), seed: seed)
        XCTAssertTrue(diagnosis.isHealthy, "SGD, \(rate): \(diagnosis)")
      }
      for rate in [1e-3, 1e-2] {
        let diagnosis = try diagnose(rate: rate, optimizer: AdamW(), seed: seed)
        XCTAssertTrue(diagnosis.isHealthy, "AdamW, \(rate): \(diagnosis)")
      }
    }
  }

  func testRatesThatAreTooLargeExplode() throws {
    for rate in [10.0, 100, 1e4] {
      let diagnosis = try diagnose(rate: rate, optimizer: SGD(momentum: 0.9))
      XCTAssertEqual(diagnosis.findings.first?.symptom, .explosion, "SGD, \(rate): \(diagnosis)")
      XCTAssertLessThan(diagnosis.findings.first?.step ?? .max, 10)
    }
    for rate in [1.0, 10, 1e4] {
      let diagnosis = try diagnose(rate: rate, optimizer: AdamW())
      XCTAssertEqual(diagnosis.findings.first?.symptom, .explosion, "AdamW, \(rate): \(diagnosis)")
    }
  }

  func testARunThatLosesWhatItLearntDiverges() throws {
    let diagnosis = try diagnose(rate: 0.5, optimizer: SGD(momentum: 0.9), seed: 2)
    XCTAssertEqual(diagnosis.findings.first?.symptom, .divergence, "\(diagnosis)")
  }

  func testRatesThatAreTooSmallStandStill() throws {
    let none = try diagnose(rate: 0, optimizer: AdamW())
    XCTAssertEqual(none.findings.map(\.symptom), [.zeroLearningRate], "\(none)")
    let tiny = try diagnose(rate: 1e-7, optimizer: AdamW())
    XCTAssertEqual(tiny.findings.map(\.symptom), [.plateau], "\(tiny)")
  }

  func testAStepCostsMicroseconds() {
    var noise = Noise(seed: 1)
    let steps = (0..<20_000).map { place in
      StepRecord(
        step: place, loss: 2 * noise.factor(0.1), gradientNorm: noise.factor(0.3),
        learningRate: 1e-3,
        lossScale: 1024, clipFactor: 1)
    }
    var doctor = Doctor()
    let clock = ContinuousClock()
    let duration = clock.measure { for step in steps { doctor.observe(step) } }
    print("doctor:", duration / steps.count, "a step")
    XCTAssertLessThan(duration, .seconds(2))
  }
}
