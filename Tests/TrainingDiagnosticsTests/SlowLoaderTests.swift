import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// Waits between steps: what counts as one, and which are told.
final class SlowLoaderTests: XCTestCase {
  /// What is said of steps of 10 ms with waits of a formula.
  private func found(
    steps: Int = 400, seconds: Double = 0.01, _ wait: (Int) -> Double?
  ) -> [Finding] {
    var doctor = Doctor([SlowLoader()])
    for step in 0..<steps {
      doctor.observe(StepRecord(step: step, loss: 1, seconds: seconds, waitSeconds: wait(step)))
    }
    return doctor.findings
  }

  func testLastingWaitsAreTold() throws {
    let finding = try XCTUnwrap(found { _ in 0.01 }.first)
    XCTAssertEqual(finding.symptom, .slowLoader)
    XCTAssertEqual(finding.severity, .note)
    XCTAssertEqual(try XCTUnwrap(finding.evidence["wait_share"]), 0.5, accuracy: 1e-9)
    XCTAssertTrue(finding.remedy.contains("workers"), "\(finding)")
    // Two workers in step with each other: every other batch is there at once.
    XCTAssertEqual(found { $0 % 2 == 0 ? 0.02 : 0 }.first?.severity, .note)
  }

  func testMinutesOfWaitingAreAWarning() {
    let waits = found(steps: 800) { _ in 0.1 }
    XCTAssertEqual(waits.map(\.severity), [.note, .warning], "\(waits)")
    XCTAssertEqual(found(steps: 500) { _ in 0.1 }.map(\.severity), [.note])
  }

  func testOtherWaitsAreNotTold() {
    XCTAssertEqual(found { _ in 0.004 }, [], "below a third")
    XCTAssertEqual(found { _ in nil }, [], "unknown")
    XCTAssertEqual(found { $0 == 200 ? 3600 : 0.001 }, [], "one stall")
    XCTAssertEqual(found { $0 % 50 == 0 ? 5 : 0.001 }, [], "checkpoints now and then")
    XCTAssertEqual(found { $0 < 100 ? 0.1 : 0.001 }, [], "a slow start")
    XCTAssertEqual(found(seconds: 1e-4) { _ in 5e-4 }, [], "steps that are over at once")
    XCTAssertEqual(found { $0 % 2 == 0 ? .nan : .infinity }, [])
  }

  /// What a loader that sleeps makes of a run of steps of a millisecond or so.
  private func watched(
    sleeping wait: useconds_t, evaluates: Bool = false
  ) throws -> WatchedRun<Sequential, Ward.Item> {
    let ward = try Ward(seed: 1, width: 64)
    let items = ward.items(4)
    var watched = WatchedRun(ward.run, Ward.loss)
    for step in 0..<200 {
      if wait > 0 { usleep(wait) }
      _ = try watched.step(items[step % 4])
      if evaluates { try watched.evaluated() }
    }
    return watched
  }

  func testALoaderThatSleepsIsTold() throws {
    let slow = try watched(sleeping: 5000)
    let finding = try XCTUnwrap(
      slow.diagnosis().findings.first { $0.symptom == .slowLoader }, "\(slow.diagnosis())")
    XCTAssertGreaterThan(try XCTUnwrap(finding.evidence["wait_seconds"]), 0.005)
    XCTAssertTrue(slow.diagnosis().isHealthy)
    XCTAssertNil(slow.record.steps[0].waitSeconds)
    XCTAssertGreaterThan(try XCTUnwrap(slow.record.steps[1].waitSeconds), 0.005)
    XCTAssertGreaterThan(try XCTUnwrap(slow.record.steps[1].seconds), 0)
  }

  func testEvaluationsAreNoWaits() throws {
    let evaluated = try watched(sleeping: 2000, evaluates: true)
    XCTAssertFalse(evaluated.diagnosis().findings.contains { $0.symptom == .slowLoader })
    XCTAssertTrue(evaluated.record.steps.allSatisfy { $0.waitSeconds == nil })
  }

  func testTheDoctorsThoughtsAreNoWaits() throws {
    let ward = try Ward(seed: 1)
    var (isTaken, slept) = (false, 0.0)
    var watched = WatchedRun(ward.run) { (model, item: Ward.Item) in
      // Only replays call the loss once the step is told.
      if isTaken {
        usleep(200_000)
        slept += 0.2
      }
      return Ward.loss(model, item)
    }
    for item in ward.items(10) { _ = try watched.step(item) }
    var item = ward.items(1)[0]
    item.x = item.x + Double.infinity
    _ = try watched.step(item) { _ in isTaken = true }
    isTaken = false
    _ = try watched.step(ward.items(1)[0])
    XCTAssertGreaterThan(slept, 0.1)
    XCTAssertLessThan(try XCTUnwrap(watched.record.steps.last?.waitSeconds), slept)
  }
}
