import Foundation
import TrainingDiagnostics
import TrainingKit
import XCTest

/// What treatments say.
final class TreatmentTests: XCTestCase {
  private func treatment(_ remedy: String, rateBefore: Double?) throws -> Treatment {
    let before = rateBefore.map { "\"rateBefore\": \($0), " } ?? ""
    let trial = "\"steps\": 64, \"lossBefore\": 3, \"losses\": []"
    let text = """
      {\(before)"from": 40, "isReview": false, "remedies": [\(remedy)], "finding": {"symptom": "explosion", "step": 48,
      "cause": "undetermined", "severity": "fault", "confidence": 1, "evidence": {}, "remedy": "none"},
      "control": {"remedies": [], \(trial), "lossAfter": 9},
      "trials": [{"remedies": [\(remedy)], \(trial), "lossAfter": 2}]}
      """
    return try JSONDecoder().decode(Treatment.self, from: Data(text.utf8))
  }

  func testFactorsOfTheLearningRateAreToldTogether() throws {
    let halved = "{\"learningRate\": {\"times\": 0.5}}"
    let first = try treatment(halved, rateBefore: 1)
    XCTAssertEqual(
      "\(first)",
      "explosion at step 48: back to step 40 and divide the learning rate by 2; loss 2 where it was 9"
    )
    let second = try treatment(halved, rateBefore: [first].rateFactor)
    XCTAssertEqual(
      "\(second)",
      "explosion at step 48: back to step 40 and divide the learning rate by 2 to 0.25 times the schedule's; "
        + "loss 2 where it was 9")
    XCTAssertEqual([first, second].rateFactor, 0.25)
    let skipping = "{\"skipping\": {\"step\": 48}}"
    XCTAssertFalse("\(try treatment(skipping, rateBefore: 0.25))".contains("times"))
    XCTAssertFalse("\(try treatment(halved, rateBefore: nil))".contains("times"))
  }

  /// What two steps speak for is not what a hundred do.
  func testRemediesAreWeighedAgainOnceThereAreMoreSteps() throws {
    let ward = try Ward(seed: 2, optimizer: SGD(momentum: 0.9), rate: 3000)
    var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
    var given: [Treatment] = []
    for item in ward.items(300) {
      if let treatment = try watched.step(item).treatment { given.append(treatment) }
    }
    let (first, last) = (try XCTUnwrap(given.first), try XCTUnwrap(given.last))
    XCTAssertFalse(first.isReview)
    XCTAssertTrue(last.isReview, "\(given)")
    XCTAssertNotEqual(first.remedies, last.remedies)
    XCTAssertGreaterThan(last.control.steps, first.finding.step + 50)
    XCTAssertEqual(watched.treatments, [last], "a review takes the place of what it reviews")
    XCTAssertEqual(watched.run.steps, 300)
  }

  func testARunThatIsStuckOnBadItemsGoesOn() throws {
    for care in [Care.standard, .treating] {
      let ward = try Ward(seed: 1)
      var watched = WatchedRun(ward.run, care: care, Ward.loss)
      var items = ward.items(150)
      for place in 60..<100 { items[place].x = items[place].x + Double.infinity }
      do {
        for item in items { _ = try watched.step(item) }
        XCTAssertEqual(care, .treating)
        XCTAssertEqual(watched.treatments.map(\.remedies), [[.patience(skips: 1000)]])
        XCTAssertEqual(watched.run.steps, 150)
        XCTAssertEqual(watched.run.updates, 110)
      } catch is RunError {
        XCTAssertEqual(care, .standard)
        XCTAssertEqual(watched.run.updates, 60)
      }
    }
  }

  func testAScheduleThatEndsEarlyIsHeldAtItsLastRate() throws {
    let schedule = Schedule.table(steps: 31) { $0 < 30 ? 1e-3 : 0 }
    let ward = try Ward(seed: 3, schedule: schedule)
    var watched = WatchedRun(ward.run, care: .treating, Ward.loss)
    for item in ward.items(150) { _ = try watched.step(item) }
    XCTAssertEqual(watched.treatments.first?.finding.symptom, .zeroLearningRate)
    guard case .holding(let rate)? = watched.treatments.first?.remedies.first else {
      return XCTFail("\(watched.treatments)")
    }
    XCTAssertTrue((0.9e-3...1.1e-2).contains(rate), "\(rate)")
    XCTAssertGreaterThan(watched.run.schedule.learningRate(at: 140), 0)
  }

  /// Where nothing after the first state is worth going back to, the run starts over.
  func testARunThatWasLostEarlyStartsOver() throws {
    let schedule = Schedule.table(steps: 21) { $0 < 20 ? 1 : 1e-3 }
    let ward = try Ward(seed: 5, schedule: schedule)
    var care = Care.treating
    (care.snapshotInterval, care.snapshots) = (20, 2)
    var watched = WatchedRun(ward.run, doctor: Doctor([Late(step: 120)]), care: care, Ward.loss)
    var treated: Treatment?
    for item in ward.items(125) { treated = try watched.step(item).treatment ?? treated }
    let treatment = try XCTUnwrap(treated)
    XCTAssertEqual(treatment.from, 0, "\(treatment)")
    XCTAssertLessThan(treatment.trial.lossAfter, 0.5 * treatment.control.lossAfter)
  }

  /// Tells at a step that the run has diverged.
  private struct Late: Analyzer {
    static let name = "late"
    let step: Int

    mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
      guard step.step == self.step else { return nil }
      return Finding(
        .divergence, cause: .undetermined, severity: .fault, step: step.step, confidence: 0.9,
        evidence: [:], remedy: "none")
    }
  }

  func testStartsOfNormsAndMatricesAreMade() throws {
    let generator = RandomGenerator(seed: 1)
    let model = withRandomGenerator(generator) {
      Sequential {
        Linear(8, 16)
        BatchNorm(16)
        Linear(16, 4)
      }
    }
    let paths = model.parameters.map(\.path)
    func value(_ path: String) -> Tensor {
      model.parameters.first { $0.path == path }!.parameter.value.detached()
    }
    let healthy = value("2.weight")
    for named in model.parameters where ["0.weight", "1.bias"].contains(named.path) {
      named.parameter.value = named.parameter.value.detached() * 100 - 3
    }
    var run = TrainingRun(
      model: model, optimizer: AdamW(), schedule: .constant(1e-3), generator: generator)
    for start in [Remedy.Start.he, .layers] { Remedy.initialization(start).apply(to: &run) }
    XCTAssertEqual(paths.count, 6)
    XCTAssertEqual(value("1.bias").statistics.rms, 0)
    XCTAssertEqual(value("1.weight").mean().item(), 1)
    XCTAssertLessThan(value("0.weight").statistics.rms, 1)
    XCTAssertTrue(value("2.weight").isIdentical(to: healthy), "what started well stays")
  }

  /// What is far from one usual start may be close to another.
  func testWeightsAreComparedWithTheStartThatTheyWouldGet() throws {
    for (scale, isIll) in [
      (0.6, [Remedy.Start.layers, .small]), (0.02, [.he, .layers]), (0.25, [.small]),
    ] {
      for start in [Remedy.Start.he, .layers, .small] {
        let generator = RandomGenerator(seed: 1)
        let weight = generator.normal([64, 32]) * scale
        var run = TrainingRun(
          model: Linear(weight: Parameter(weight)), optimizer: SGD(), schedule: .constant(1e-3),
          generator: generator)
        Remedy.initialization(start).apply(to: &run)
        let isLeft = run.model.weight.value.detached().isIdentical(to: weight)
        XCTAssertEqual(!isLeft, isIll.contains(start), "\(start), \(scale)")
      }
    }
  }

  private func trial(_ remedy: Remedy?, from before: Double = 2, to after: Double) throws -> Trial {
    let remedies = try String(
      decoding: JSONEncoder().encode(remedy.map { [$0] } ?? []), as: UTF8.self)
    let text = """
      {"remedies": \(remedies), "steps": 64, "lossBefore": \(before), "lossAfter": \(after), "losses": []}
      """
    return try JSONDecoder().decode(Trial.self, from: Data(text.utf8))
  }

  /// One order may be better than another by chance.
  func testDisorderIsBelievedInWhereTwoOrdersHelp() throws {
    let control = try trial(nil, to: 1.9)
    let rate = try trial(.learningRate(times: 0.1), to: 1.6)
    let shuffled = try trial(.shuffling, to: 1.2)
    XCTAssertEqual([shuffled, rate].choice(beside: control), shuffled)
    for (again, isBelieved) in [(1.1, true), (1.25, true), (1.8, false), (2.5, false)] {
      let trials = [shuffled, rate].doubted(by: try trial(.shuffling, to: again))
      let chosen = trials.choice(beside: control)
      XCTAssertEqual(chosen?.remedies, [isBelieved ? .shuffling : .learningRate(times: 0.1)])
      XCTAssertEqual(trials[1], rate)
    }
  }

  /// Of most healthy runs another rate would gain somewhat.
  func testANoteIsBorneOutByWhatATrialGains() throws {
    func note(_ symptom: Symptom, _ cause: Cause, fall: Double = 0.01) -> Finding {
      Finding(
        symptom, cause: cause, severity: .note, step: 64, confidence: 0.5,
        evidence: ["fall": fall], remedy: "")
    }
    let slow = note(.plateau, .learningRateTooLow)
    let cases: [(Finding, Double, Double, Double, Bool)] = [
      (slow, 10, 1.98, 1.7, true), (slow, 10, 1.98, 1.9, false), (slow, 3, 1.98, 1.2, false),
      (note(.plateau, .learningRateTooLow, fall: 0.1), 10, 1.98, 1.7, false),
      (note(.plateau, .learningRateTooLow, fall: 0.1), 30, 1.98, 1.7, true),
      (slow, 100, 1.98, 1.89, true), (slow, 100, 1.98, 1.95, false), (slow, 30, 1.98, 1.89, false),
      (slow, 100, 1.6, 1.4, false),
      (note(.clippingDominates, .clippingLimit), 1, 1.9, 1.7, true),
      (note(.clippingDominates, .clippingLimit), 1, 1.8, 1.65, false),
      (note(.unusualSetting, .optimizer), 1, 1.9, 1.79, true),
      (note(.unusualSetting, .optimizer), 1, 1.9, 1.83, false),
      (note(.explosion, .schedule), 1, 1.8, 1.7, true),
      (note(.explosion, .schedule), 1, 1.8, 1.79, false),
    ]
    for (finding, factor, without, with, isBorneOut) in cases {
      let (trial, control) = (
        try trial(.learningRate(times: factor), to: with), try trial(nil, to: without)
      )
      XCTAssertEqual(
        finding.isBorneOut(by: trial, beside: control), isBorneOut,
        "\(finding.symptom), \(finding.cause), \(factor): \(without) to \(with)")
    }
  }

  /// A rate of nothing leaves a run where it is, which may be better than where it went.
  func testRatesAreNotDividedByMoreThanAMillion() {
    func neighbors(of factor: Double) -> [Double] {
      [Remedy.learningRate(times: factor)].neighbors.map { remedies in
        guard case .learningRate(let factor)? = remedies.first else { return 1 }
        return factor
      }
    }
    for (factor, expected) in [(0.1, [0.3, 0.03]), (0.3, [1, 0.1]), (1e-6, [3e-6])] {
      let found = neighbors(of: factor)
      XCTAssertEqual(found.count, expected.count, "\(found)")
      for (found, expected) in zip(found, expected) {
        XCTAssertEqual(found / expected, 1, accuracy: 1e-12)
      }
    }
  }

  func testRoundingThatLosesUpdatesIsCompensated() throws {
    let weight = Tensor(repeating: 1, shape: [4, 4]).cast(to: .bfloat16)
    for remedies in [[], [Remedy.compensatedRounding]] {
      var run = TrainingRun(
        model: Linear(weight: Parameter(weight)), optimizer: SGD().rounding(.nearest),
        schedule: .constant(1e-3))
      for remedy in remedies { remedy.apply(to: &run) }
      for _ in 0..<20 { _ = try run.step { $0.weight.value.cast(to: .float32).sum() } }
      let moved = run.model.weight.value.detached().cast(to: .float32).mean().item() < 0.99
      XCTAssertEqual(moved, !remedies.isEmpty)
    }
  }
}
