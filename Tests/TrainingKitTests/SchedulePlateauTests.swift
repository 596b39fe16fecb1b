import Foundation
import TestSupport
import TrainingKit
import XCTest

final class SchedulePlateauTests: XCTestCase {
  private let rules: [String: ReduceOnPlateau] = [
    "defaults": ReduceOnPlateau(),
    "patient": ReduceOnPlateau(factor: 0.5, patience: 3),
    "impatient": ReduceOnPlateau(factor: 0.9, patience: 0),
    "cooling": ReduceOnPlateau(factor: 0.5, patience: 2, cooldown: 4),
    "highest": ReduceOnPlateau(.highest, factor: 0.3, patience: 4),
    "highest, absolute": ReduceOnPlateau(
      .highest, factor: 0.5, patience: 2, threshold: .absolute(0.05)),
    "absolute": ReduceOnPlateau(factor: 0.5, patience: 2, threshold: .absolute(0.02)),
    "relative": ReduceOnPlateau(
      factor: 0.5, patience: 2, threshold: .relative(0.1), cooldown: 1),
    "minimum": ReduceOnPlateau(factor: 0.2, patience: 1, minimum: 0.03),
  ]

  func testEveryEventIsPyTorchs() throws {
    let file = try FixtureFile("schedules")
    let cases = try file.cases("plateau")
    XCTAssertEqual(Set(cases.map(\.name)), Set(rules.keys))
    var (events, reductions) = (0, 0)
    try withEvery("plateau", in: cases) { parity in
      var plateau = try XCTUnwrap(rules[parity.name])
      func numbers(_ name: String) throws -> [Double] {
        try XCTUnwrap(file.tensor(name, of: parity)).elements()
      }
      let (scales, best) = (try numbers("scales"), try numbers("best"))
      let (bad, cooling) = (try numbers("bad"), try numbers("cooling"))
      for (position, metric) in try numbers("metrics").enumerated() {
        let before = plateau.scale
        let verdict = plateau.observe(metric)
        expect(abs(plateau.scale / scales[position] - 1) < 1e-14, "scale after \(position)")
        expect(plateau.best == best[position], "best after \(position)")
        expect(plateau.badCount == Int(bad[position]), "bad after \(position)")
        expect(plateau.coolingCount == Int(cooling[position]), "cooling after \(position)")
        expect((verdict == .reduced) == (plateau.scale < before), "verdict after \(position)")
        events += 1
        reductions += verdict == .reduced ? 1 : 0
      }
    }
    print("\(cases.count) plateaus, \(events) metrics, \(reductions) reductions as in PyTorch")
    XCTAssertEqual(events, 900)
    XCTAssertGreaterThan(reductions, 50)
  }

  private func verdicts(
    _ plateau: ReduceOnPlateau, _ metrics: [Double]
  ) -> [ReduceOnPlateau.Verdict] {
    var plateau = plateau
    return metrics.map { plateau.observe($0) }
  }

  func testAMetricBelowZeroHasToGetBetterToo() {
    XCTAssertEqual(
      verdicts(ReduceOnPlateau(), [-1, -0.99995, -0.9999, -1.00005, -1.0002]),
      [.improved, .waited, .waited, .waited, .improved])
    XCTAssertEqual(
      verdicts(ReduceOnPlateau(.highest), [-1, -1.00005, -0.99995, -0.9998]),
      [.improved, .waited, .waited, .improved])
    XCTAssertEqual(
      verdicts(ReduceOnPlateau(threshold: .absolute(0.1)), [-1, -1.05, -1.15, 2]),
      [.improved, .waited, .improved, .waited])
    XCTAssertEqual(verdicts(ReduceOnPlateau(), [0, 0, -1e-9]), [.improved, .waited, .improved])
  }

  func testAMetricThatIsNotFiniteCountsNowhere() {
    for metric in [Double.nan, .infinity, -.infinity] {
      var plateau = ReduceOnPlateau(patience: 1, cooldown: 2)
      XCTAssertEqual(plateau.observe(metric), .ignored)
      XCTAssertNil(plateau.best)
      plateau.observe(1)
      plateau.observe(2)
      let before = plateau
      for _ in 0..<9 { XCTAssertEqual(plateau.observe(metric), .ignored) }
      XCTAssertEqual(plateau, before)
      XCTAssertEqual(plateau.observe(2), .reduced)
    }
  }

  func testTheScaleStopsAtItsMinimum() {
    let plateau = ReduceOnPlateau(factor: 0.5, patience: 0, minimum: 0.3)
    XCTAssertEqual(
      verdicts(plateau, [1, 1, 1, 1]), [.improved, .reduced, .reduced, .waited])
  }

  func testItsScaleMultipliesASchedule() {
    var plateau = ReduceOnPlateau(factor: 0.5, patience: 0)
    let schedule: Schedule = .warmup(steps: 2).then(.constant(1))
    for metric in [1.0, 1, 1] { plateau.observe(metric) }
    let scaled = schedule.scaled(by: plateau.scale)
    XCTAssertEqual((0..<4).map { scaled.learningRate(at: $0) }, [0.125, 0.25, 0.25, 0.25])
  }

  func testASavedRuleGoesOnAsItWas() throws {
    let metrics = (0..<60).map { 1 + 0.3 * sin(Double($0)) }
    for (name, rule) in rules {
      var plateau = rule
      for metric in metrics.prefix(30) { plateau.observe(metric) }
      let text = try JSONEncoder().encode(plateau)
      var resumed = try JSONDecoder().decode(ReduceOnPlateau.self, from: text)
      for metric in metrics.dropFirst(30) {
        XCTAssertEqual(plateau.observe(metric), resumed.observe(metric), name)
      }
      XCTAssertEqual(plateau, resumed, name)
    }
  }

  func testMistakesAreSentences() {
    let mistakes: [(String, () -> ReduceOnPlateau)] = [
      ("a factor above 0 and below 1, got 1.0", { ReduceOnPlateau(factor: 1) }),
      ("a factor above 0 and below 1, got nan", { ReduceOnPlateau(factor: .nan) }),
      ("a factor above 0 and below 1, got -0.1", { ReduceOnPlateau(factor: -0.1) }),
      ("a patience of 0 or more, got -1", { ReduceOnPlateau(patience: -1) }),
      ("a cooldown of 0 or more, got -2", { ReduceOnPlateau(cooldown: -2) }),
      ("a minimum from 0 to below 1, got 1.5", { ReduceOnPlateau(minimum: 1.5) }),
      (
        "a threshold of 0 or more, relative below 1, got relative(1.0)",
        { ReduceOnPlateau(threshold: .relative(1)) }
      ),
      (
        "a threshold of 0 or more, relative below 1, got absolute(-1.0)",
        { ReduceOnPlateau(threshold: .absolute(-1)) }
      ),
    ]
    for (sentence, make) in mistakes {
      XCTAssertThrowsError(try validated { make() }) {
        XCTAssertEqual("\($0)", "ReduceOnPlateau: expected " + sentence)
      }
    }
  }

  func testASavedRuleIsCheckedWhenItIsRead() throws {
    var plateau = ReduceOnPlateau(factor: 0.5, patience: 2, cooldown: 3)
    for metric in [1.0, 2] { plateau.observe(metric) }
    let text = try XCTUnwrap(String(data: JSONEncoder().encode(plateau), encoding: .utf8))
    for (right, wrong) in [
      ("\"factor\":0.5", "\"factor\":2"), ("\"scale\":1", "\"scale\":1.5"),
      ("\"scale\":1", "\"scale\":-1"), ("\"badCount\":1", "\"badCount\":3"),
      ("\"badCount\":1", "\"badCount\":-1"), ("\"coolingCount\":0", "\"coolingCount\":4"),
      ("\"goal\":\"lowest\"", "\"goal\":\"sideways\""),
    ] {
      XCTAssertTrue(text.contains(right), "\(right) in \(text)")
      let changed = Data(text.replacingOccurrences(of: right, with: wrong).utf8)
      XCTAssertThrowsError(try JSONDecoder().decode(ReduceOnPlateau.self, from: changed)) {
        XCTAssertTrue($0 is DecodingError, "\($0)")
      }
    }
  }
}
