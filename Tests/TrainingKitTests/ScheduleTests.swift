import Foundation
import TestSupport
import TrainingKit
import XCTest

final class ScheduleTests: XCTestCase {
  func testEveryScheduleHasItsPoints() {
    withEvery("kind", in: ScheduleCatalog.all) { entry in
      expect(!entry.samples.isEmpty, "no samples")
      for sample in entry.samples {
        for (step, rate) in sample.rates {
          let got = sample.schedule.learningRate(at: step)
          expect(abs(got - rate) <= 1e-15, "at \(step): expected \(rate), got \(got)")
        }
      }
    }
  }

  func testEveryRateIsFiniteAndNotNegative() {
    withEvery("kind", in: ScheduleCatalog.all) { entry in
      for schedule in entry.samples.map(\.schedule) {
        for step in Array(-2..<50) + [1 << 20, .max] {
          let rate = schedule.learningRate(at: step)
          expect(rate >= 0 && rate.isFinite, "\(rate) at \(step)")
        }
        expect(schedule.learningRate(at: -5) == schedule.learningRate(at: 0), "before the start")
      }
    }
  }

  func testEveryScheduleIsTheSameAfterSaving() throws {
    try withEvery("kind", in: ScheduleCatalog.all) { entry in
      for schedule in entry.samples.map(\.schedule) {
        let text = try JSONEncoder().encode(schedule)
        expect(try JSONDecoder().decode(Schedule.self, from: text) == schedule, "\(schedule)")
      }
    }
    XCTAssertEqual(Set(ScheduleCatalog.all.map { $0.rule.name }).count, ScheduleCatalog.all.count)
  }

  func testRatesArePyTorchs() throws {
    let file = try FixtureFile("parity")
    var compared = 0
    try withEvery("schedule", in: try file.cases("schedule")) { parity in
      guard let schedule = schedule(parity) else { return }
      let rates = try XCTUnwrap(file.tensor("rates", of: parity)).elements(Double.self)
      for (step, rate) in rates.enumerated() {
        let got = schedule.learningRate(at: step)
        expect(abs(got - rate) <= 1e-14, "at \(step): expected \(rate), got \(got)")
      }
      compared += 1
    }
    XCTAssertEqual(compared, 8)
  }

  private func schedule(_ parity: ParityCase) -> Schedule? {
    func number(_ name: String) -> Double { parity.attributes[name]?.number ?? .nan }
    let rate = number("learningRate")
    switch parity.name {
    case "constant": return .constant(rate)
    case "step": return .step(rate, every: Int(number("stepSize")), factor: number("gamma"))
    case "exponential": return .exponential(rate, factor: number("gamma"))
    case "cosine":
      return .cosine(peak: rate, steps: Int(number("steps")), minimum: number("minimum"))
    case "linear":
      return .linear(
        from: rate * number("startFactor"), to: rate * number("endFactor"),
        steps: Int(number("steps")))
    case "warmupCosine":
      let (warmup, steps) = (Int(number("warmupSteps")), Int(number("steps")))
      return .linear(from: rate * number("startFactor"), to: rate, steps: warmup)
        .then(.cosine(peak: rate, steps: steps, minimum: number("minimum")), after: warmup)
    default: return nil
    }
  }

  func testAWarmupMovesFromItsFirstUpdateOn() {
    let schedule: Schedule = .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000))
    XCTAssertEqual(schedule.learningRate(at: 0), 1e-5, accuracy: 1e-20)
    XCTAssertEqual(schedule.learningRate(at: 99), 1e-3)
    XCTAssertEqual(schedule.learningRate(at: 100), 1e-3)
    XCTAssertEqual(schedule.learningRate(at: 2_100), 0)
    XCTAssertEqual(schedule.learningRate(at: 9_999), 0)
  }

  func testMistakesAreSentences() {
    let mistakes: [(String, () -> Schedule)] = [
      ("constant: expected a learning rate of 0 or more, got -0.1", { .constant(-0.1) }),
      ("constant: expected a learning rate of 0 or more, got nan", { .constant(.nan) }),
      ("cosine: expected 1 step or more, got 0", { .cosine(peak: 1, steps: 0) }),
      (
        "cosine: expected a learning rate of 0 or more, got inf",
        { .cosine(peak: .infinity, steps: 1) }
      ),
      ("step: expected 1 step or more, got 0", { .step(1, every: 0) }),
      ("step: expected a factor of 0 or more, got nan", { .step(1, every: 1, factor: .nan) }),
      ("exponential: expected a factor of 0 or more, got -2.0", { .exponential(1, factor: -2) }),
      ("linear: expected 1 step or more, got -1", { .linear(from: 0, to: 1, steps: -1) }),
      ("warmup: expected 1 step or more, got 0", { .warmup(steps: 0).then(.constant(1)) }),
      (
        "warmup: expected a first share from 0 to below 1, got 1.0",
        { .warmup(steps: 5, from: 1).then(.constant(1)) }
      ),
      ("multiStep: expected milestones of 0 or more, got -3", { .multiStep(1, at: [9, -3]) }),
      ("table: expected 1 step or more, got 0", { .table([]) }),
      ("table: expected 1 step or more, got 0", { .table(steps: -1) { _ in 1 } }),
      ("table: expected a learning rate of 0 or more, got nan", { .table([1, .nan]) }),
      (
        "polynomial: expected a power of 0 or more, got -1.0",
        { .polynomial(from: 1, steps: 9, power: -1) }
      ),
      (
        "cosineWithWarmRestarts: expected a growth of 1 or more, got 0",
        { .cosineWithWarmRestarts(peak: 1, period: 9, growth: 0) }
      ),
      (
        "oneCycle: expected a rise of more than 1 step, and a fall after it, "
          + "got 10 steps with a warm-up of 0.1",
        { .oneCycle(peak: 1, steps: 10, warmupShare: 0.1) }
      ),
      (
        "oneCycle: expected a rise of more than 1 step, and a fall after it, "
          + "got 10 steps with a warm-up of 0.6",
        { .oneCycle(peak: 1, steps: 10, warmupShare: 0.6, isThreePhase: true) }
      ),
      (
        "oneCycle: expected a share of warm-up from 0 to below 1, got 1.0",
        { .oneCycle(peak: 1, steps: 10, warmupShare: 1) }
      ),
      ("oneCycle: expected 1 step or more, got 0", { .oneCycle(peak: 1, steps: 0) }),
      ("cyclic: expected 1 step or more, got 0", { .cyclic(from: 0, to: 1, rise: 3, fall: 0) }),
      (
        "cyclic: expected a factor from 0 to 1, got 1.5",
        { .cyclic(from: 0, to: 1, mode: .exponentialRange(factor: 1.5)) }
      ),
      (
        "annealed: expected a start at 0 or later, got -1",
        { .constant(1).annealed(to: 0, over: 9, after: -1) }
      ),
      (
        "inverseSquareRoot: expected 1 step or more, got 0",
        { .inverseSquareRoot(peak: 1, timescale: 0) }
      ),
      ("scaled: expected a factor of 0 or more, got -1.0", { .constant(1).scaled(by: -1) }),
      ("sequence: expected 1 step or more, got 0", { .constant(1).then(.constant(2), after: 0) }),
    ]
    for (sentence, make) in mistakes {
      XCTAssertThrowsError(try validated { make() }) { XCTAssertEqual("\($0)", sentence) }
    }
  }

  func testASavedScheduleIsCheckedWhenItIsRead() throws {
    for text in [
      #"{"kind":"constant","numbers":{"rate":-1}}"#, #"{"kind":"moon","numbers":{}}"#,
      #"{"kind":"warmup","numbers":{"steps":0,"curve":"linear","next":{"kind":"constant","numbers":{"rate":1}}}}"#,
      #"{"kind":"table","numbers":{"rates":[]}}"#,
      #"{"kind":"scaled","numbers":{"factor":-1,"schedule":{"kind":"constant","numbers":{"rate":1}}}}"#,
      #"{"kind":"cosine","numbers":{}}"#,
    ] {
      XCTAssertThrowsError(try JSONDecoder().decode(Schedule.self, from: Data(text.utf8))) {
        XCTAssertTrue($0 is DecodingError, "\($0)")
      }
    }
  }

  func testSchedulesOfEqualNumbersAreEqual() {
    XCTAssertEqual(Schedule.constant(1), .constant(1))
    XCTAssertNotEqual(Schedule.constant(1), .constant(2))
    XCTAssertNotEqual(Schedule.constant(1), .exponential(1, factor: 1))
  }
}
