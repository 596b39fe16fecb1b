import TestSupport
import TrainingKit
import XCTest

/// Learning rates beside PyTorch's schedulers, and formulas of other libraries.
final class ScheduleParityTests: XCTestCase {
  private let torch: [String: Schedule] = [
    "lambda": .table(steps: 101) { 0.1 / (1 + 0.1 * Double($0)) },
    "multiplicative": .multiplicative(0.1, steps: 101) { 1 - 0.5 / Double($0 + 1) },
    "step": .step(0.1, every: 7, factor: 0.8),
    "multiStep": .multiStep(0.1, at: [50, 0, 11, 11, 80], factor: 0.5),
    "constant factor": .constant(0.1).scaled(by: 1.0 / 3, before: 5),
    "linear": .warmup(steps: 60, from: 1.0 / 3).then(.constant(0.1)),
    "exponential": .exponential(0.1, factor: 0.93),
    "polynomial": .polynomial(from: 0.1, steps: 90, power: 1.7),
    "cosine": .cosine(peak: 0.1, steps: 100, minimum: 0.003),
    "warm restarts": .cosineWithWarmRestarts(peak: 0.1, period: 7, growth: 2, minimum: 0.01),
    "even restarts": .cosineWithWarmRestarts(peak: 0.1, period: 9),
    "oneCycle": .oneCycle(peak: 0.1, steps: 100),
    "oneCycle, linear": .oneCycle(
      peak: 0.1, steps: 100, initial: 0.01, final: 1e-4, warmupShare: 0.4, curve: .linear),
    "oneCycle, three phases": .oneCycle(
      peak: 0.1, steps: 100, warmupShare: 0.37, isThreePhase: true),
    "oneCycle, momentum": .oneCycle(peak: 0.85, steps: 100, initial: 0.95, final: 0.95),
    "oneCycle, momentum in three phases": .oneCycle(
      peak: 0.85, steps: 100, initial: 0.95, final: 0.95, isThreePhase: true),
    "cyclic": .cyclic(from: 0.01, to: 0.1, rise: 13, fall: 8),
    "cyclic, triangular2": .cyclic(from: 0.01, to: 0.1, rise: 13, fall: 8, mode: .triangular2),
    "cyclic, exponential": .cyclic(
      from: 0.01, to: 0.1, rise: 13, fall: 8, mode: .exponentialRange(factor: 0.98)),
    "chained": .cosine(peak: 0.1, steps: 100).scaled(by: .exponential(1, factor: 0.97))
      .scaled(by: 0.25, before: 30),
    "sequential": .linear(from: 0.025, to: 0.1, steps: 20)
      .then(.exponential(0.1, factor: 0.95), after: 20)
      .then(.polynomial(from: 0.1, steps: 40, power: 1.5), after: 50),
    "annealed": .cosine(peak: 0.1, steps: 100).annealed(to: 0.05, over: 25, after: 60),
  ]

  private let formulas: [String: Schedule] = [
    "Hugging Face: constant": .warmup(steps: 10, from: 0).then(.constant(0.1)),
    "Hugging Face: linear": .warmup(steps: 10, from: 0).then(
      .linear(from: 0.1, to: 0, steps: 90)),
    "Hugging Face: cosine": .warmup(steps: 10, from: 0).then(.cosine(peak: 0.1, steps: 90)),
    "Hugging Face: cosine with minimum": .warmup(steps: 10).then(
      .cosine(peak: 0.1, steps: 90, minimum: 0.01)),
    "Hugging Face: hard restarts": .warmup(steps: 20, from: 0).then(
      .cosineWithWarmRestarts(peak: 0.1, period: 20).then(.constant(0), after: 80)),
    "Hugging Face: polynomial": .warmup(steps: 10, from: 0).then(
      .polynomial(from: 0.1, to: 1e-7, steps: 80, power: 2)),
    "Hugging Face: inverse square root": .warmup(steps: 25, from: 0).then(
      .inverseSquareRoot(peak: 0.1, timescale: 40)),
    "Hugging Face: stable": .warmup(steps: 10, from: 0, curve: .cosine).then(
      .constant(0.1).annealed(to: 0.005, over: 40, after: 50)),
    "torchtitan: linear": .warmupStableDecay(
      peak: 0.1, warmup: 10, stable: 50, decay: 40, minimum: 0.01),
    "torchtitan: square root": .warmupStableDecay(
      peak: 0.1, warmup: 10, stable: 50, decay: 40, curve: .squareRoot),
    "DeepSpeed: logarithmic": .warmup(steps: 29, from: 0, curve: .logarithmic).then(
      .constant(0.1)),
    // Its warm-up ends with the rate of update 15, from which on the square root of 16 / (t + 1) falls.
    "Transformer": .warmup(steps: 15, from: 0.0625).then(
      .inverseSquareRoot(peak: 0.1, timescale: 16)),
  ]

  func testEveryRateOfAHundredStepsIsTheirs() throws {
    let file = try FixtureFile("schedules")
    let schedules = torch.merging(formulas) { $1 }
    let cases = try file.cases("schedule")
    XCTAssertEqual(Set(cases.map(\.name)), Set(schedules.keys))
    var (compared, farthest) = (0, 0.0)
    try withEvery("schedule", in: cases) { parity in
      let schedule = try XCTUnwrap(schedules[parity.name])
      let rates = try XCTUnwrap(file.tensor("rates", of: parity)).elements(Double.self)
      for (step, rate) in rates.enumerated() {
        let got = schedule.learningRate(at: step)
        let distance = abs(got - rate) / max(abs(rate), 1e-16)
        farthest = max(farthest, distance)
        expect(distance <= 1e-12, "at \(step): expected \(rate), got \(got)")
      }
      compared += rates.count
    }
    print("\(cases.count) schedules, \(compared) rates within \(farthest), relative")
    XCTAssertEqual([cases.count, torch.count, compared], [34, 22, 3_429])
  }

  func testTheRatesThatOthersPrintAreOurs() {
    let golden: [(Schedule, [Double])] = [
      (.cosine(peak: 1, steps: 4), [1, 0.853553, 0.5, 0.146447, 0]),
      (
        .cosineWithWarmRestarts(peak: 1, period: 3, growth: 2, minimum: 0.1),
        [1, 0.775, 0.325, 1, 0.939711, 0.775, 0.55, 0.325, 0.160289, 1]
      ),
      (
        .oneCycle(peak: 1, steps: 10),
        [0.04, 0.52, 1, 0.950485, 0.811746, 0.611262, 0.388742, 0.188258, 0.049519, 4e-6]
      ),
      (
        .oneCycle(peak: 1, steps: 10, isThreePhase: true),
        [0.04, 0.52, 1, 0.52, 0.04, 0.036181, 0.026182, 0.013822, 0.003823, 4e-6]
      ),
      (
        .oneCycle(peak: 0.85, steps: 10, initial: 0.95, final: 0.95),
        [0.95, 0.9, 0.85, 0.854952, 0.868826, 0.888874, 0.911126, 0.931174, 0.945048, 0.95]
      ),
      (.cyclic(from: 0.1, to: 1, rise: 2), [0.1, 0.55, 1, 0.55, 0.1]),
      (
        .linear(from: 0.25, to: 1, steps: 4).then(.cosine(peak: 1, steps: 6), after: 4),
        [0.25, 0.4375, 0.625, 0.8125, 1, 0.933013, 0.75, 0.5, 0.25, 0.066987, 0]
      ),
      (
        .exponential(1, factor: 0.9).scaled(by: 0.1, before: 2),
        [0.1, 0.09, 0.81, 0.729, 0.6561]
      ),
      (
        .warmup(steps: 5, from: 1.0 / 3).then(.constant(1)),
        [0.333333, 0.466667, 0.6, 0.733333, 0.866667, 1]
      ),
      (
        .constant(0.5).annealed(to: 0.05, over: 4, after: 0),
        [0.5, 0.434099, 0.275, 0.115901, 0.05]
      ),
    ]
    for (schedule, rates) in golden {
      for (step, rate) in rates.enumerated() {
        let got = schedule.learningRate(at: step)
        XCTAssertEqual(got, rate, accuracy: 5.1e-7, "\(schedule.rule) at \(step)")
      }
    }
  }

  func testWhatEndsStaysAtItsEnd() {
    let ended: [(Schedule, steps: Int, rate: Double)] = [
      (.cosine(peak: 1, steps: 10, minimum: 0.1), 10, 0.1),
      (.oneCycle(peak: 1, steps: 10), 9, 4e-6),
      (.oneCycle(peak: 1, steps: 10, isThreePhase: true), 9, 4e-6),
      (.polynomial(from: 1, to: 0.25, steps: 10, power: 3), 10, 0.25),
      (.linear(from: 1, to: 0.5, steps: 10), 10, 0.5),
      (.constant(1).annealed(to: 0.1, over: 5, after: 5), 10, 0.1),
      (.table([3, 2, 1]), 2, 1),
    ]
    for (schedule, steps, rate) in ended {
      for step in [steps, steps + 1, 2 * steps, 3 * steps + 1, 1 << 40, .max] {
        XCTAssertEqual(schedule.learningRate(at: step), rate, "\(schedule.rule) at \(step)")
      }
    }
  }
}
