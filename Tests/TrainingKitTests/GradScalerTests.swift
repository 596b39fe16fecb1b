import Foundation
import TestSupport
import TrainingKit
import XCTest

/// The scale of losses: its rule, and how gradients get out from under it.
final class GradScalerTests: XCTestCase {
  private let infinite = ["weight"]

  /// A scaler without limits, as PyTorch's.
  private func unlimited(_ parity: ParityCase) -> GradScaler {
    func number(_ name: String) -> Double { parity.attributes[name]!.number }
    return GradScaler(
      initialScale: number("initialScale"), growthFactor: number("growthFactor"),
      backoffFactor: number("backoffFactor"), growthInterval: Int(number("growthInterval")),
      floor: 0x1p-126, cap: Double(Float.greatestFiniteMagnitude), patience: .max)
  }

  func testTheScaleMovesAsPyTorchs() throws {
    let file = try FixtureFile("precision")
    var count = 0
    for parity in try file.cases("scaler") {
      var scaler = unlimited(parity)
      let events = try XCTUnwrap(file.tensor("events", of: parity)).elements(Int.self)
      let scales = try XCTUnwrap(file.tensor("scales", of: parity)).elements(Double.self)
      let trackers = try XCTUnwrap(file.tensor("trackers", of: parity)).elements(Int.self)
      for (step, event) in events.enumerated() {
        let update = try scaler.update(nonFinite: event == 0 ? [] : infinite)
        XCTAssertEqual(scaler.scale, scales[step], "\(parity.attributes), step \(step)")
        XCTAssertEqual(scaler.growthTracker, trackers[step], "\(parity.attributes), step \(step)")
        XCTAssertEqual(update.isSkipped, event != 0)
        count += 1
      }
    }
    print("loss scaler: \(count) events as PyTorch's")
    XCTAssertGreaterThan(count, 500)
  }

  func testAMixedRunFollowsPyTorch() throws {
    let file = try FixtureFile("precision")
    let (x, y) = try Digits.training()
    for parity in try file.cases("mixed training") {
      let dtype = DType(named: parity.attributes["dtype"]!.text)
      let model = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) {
        Sequential {
          Linear(64, 128)
          ReLU()
          Linear(128, 10)
        }
      }
      let scaler = GradScaler(initialScale: 0x1p26, growthInterval: 8, cap: 0x1p30)
      var precision: Precision = dtype == .float16 ? .mixed(dtype, scaler: scaler) : .mixed(dtype)
      var optimizer = Adam()
      var (losses, scales): ([Double], [Double]) = ([], [])
      for step in 0..<parity.attributes["steps"]!.int {
        let rows = Tensor((0..<64).map { (step * 64 + $0) % y.count })
        let (loss, gradients) = autocast(dtype) {
          model.valueAndGradients(scaledBy: precision.scaler) {
            crossEntropy($0(x.taking(rows)), y.taking(rows))
          }
        }
        (losses, scales) = (losses + [loss.item()], scales + [gradients.scale])
        let unscaled = gradients.unscaled()
        if let gradients = unscaled.gradients {
          optimizer.update(model, with: gradients, learningRate: 1e-3)
        }
        try precision.scaler?.update(after: unscaled)
      }
      let expected = try XCTUnwrap(file.tensor("losses", of: parity)).elements(Double.self)
      let distance = zip(losses, expected).map { abs($0 - $1) / $1 }.max()!
      print("perceptron in \(dtype): \(losses.count) steps within \(distance) of PyTorch")
      XCTAssertLessThan(distance, dtype == .float16 ? 2e-3 : 1e-2)
      let expectedScales = try XCTUnwrap(file.tensor("scales", of: parity)).elements(Double.self)
      XCTAssertEqual(scales, expectedScales, "\(dtype)")
      if dtype == .float16 { XCTAssertGreaterThan(Set(scales).count, 4) }
    }
  }

  func testAFixedScaleStays() throws {
    var scaler = GradScaler.fixed(1024)
    for step in 0..<5000 { try scaler.update(nonFinite: step % 7 == 0 ? infinite : []) }
    XCTAssertEqual(scaler.scale, 1024)
  }

  func testTheScaleStaysBetweenFloorAndCap() throws {
    var scaler = GradScaler(
      initialScale: 8, growthInterval: 1, floor: 3, cap: 20, patience: 100)
    var scales: [Double] = []
    for event in [[], [], infinite, infinite, infinite, []] {
      scales.append(try scaler.update(nonFinite: event).scaleAfter)
    }
    XCTAssertEqual(scales, [16, 16, 8, 4, 3, 6])
  }

  func testHysteresisBearsAsManySkippedStepsUntilTheScaleGrows() throws {
    var scaler = GradScaler(initialScale: 8, growthInterval: 2, hysteresis: 2)
    var scales: [Double] = []
    for event in [infinite, [], infinite, infinite, [], [], infinite, infinite] {
      scales.append(try scaler.update(nonFinite: event).scaleAfter)
    }
    XCTAssertEqual(scales, [8, 8, 4, 2, 2, 4, 4, 2])
  }

  func testSkippingAtTheFloorEndsInAnErrorWithTheCulprits() throws {
    var scaler = GradScaler(initialScale: 4, floor: 1, patience: 5)
    for skips in 1...4 {
      XCTAssertEqual(try scaler.update(nonFinite: infinite).skips, skips)
    }
    XCTAssertThrowsError(try scaler.update(nonFinite: ["head.weight"])) {
      XCTAssertEqual(
        $0 as? LossScaleError, .exhausted(scale: 1, skips: 5, nonFinite: ["head.weight"]))
      XCTAssertTrue("\($0)".contains("head.weight"))
    }
    XCTAssertEqual(try scaler.update(nonFinite: []).skips, 0)
    XCTAssertEqual(scaler.scale, 1)
  }

  func testMistakesAreNamed() {
    let mistakes: [(String, () -> GradScaler)] = [
      ("floor", { GradScaler(floor: 0) }), ("cap", { GradScaler(cap: .infinity) }),
      ("scale", { GradScaler(initialScale: 0.5) }),
      ("scale", { GradScaler(initialScale: .nan) }),
      ("growthFactor", { GradScaler(growthFactor: 1) }),
      ("backoffFactor", { GradScaler(backoffFactor: 1) }),
      ("backoffFactor", { GradScaler(backoffFactor: 0) }),
      ("growthInterval", { GradScaler(growthInterval: 0) }),
      ("hysteresis", { GradScaler(hysteresis: 0) }), ("patience", { GradScaler(patience: 0) }),
    ]
    for (name, make) in mistakes {
      XCTAssertThrowsError(try validated { make() }, name) {
        XCTAssertTrue("\($0)".contains(name), "\($0)")
      }
    }
    XCTAssertThrowsError(try validated { Precision.mixed(.float64) })
  }

  func testAScalerIsResumedWhereItStood() throws {
    var scaler = GradScaler(initialScale: 64, growthInterval: 3, hysteresis: 2)
    let events = [[], infinite, [], [], infinite, infinite, [], [], [], infinite]
    for event in events.prefix(5) { try scaler.update(nonFinite: event) }
    let data = try JSONEncoder().encode(scaler)
    var resumed = try JSONDecoder().decode(GradScaler.self, from: data)
    XCTAssertEqual(resumed, scaler)
    for event in events.dropFirst(5) {
      XCTAssertEqual(
        try resumed.update(nonFinite: event), try scaler.update(nonFinite: event))
    }
    let text = String(decoding: data, as: UTF8.self)
    for (right, wrong) in [
      ("\"scale\":32", "\"scale\":0"), ("\"hysteresis\":2", "\"hysteresis\":0"),
    ] {
      XCTAssertTrue(text.contains(right), text)
      let broken = Data(text.replacingOccurrences(of: right, with: wrong).utf8)
      XCTAssertThrowsError(try JSONDecoder().decode(GradScaler.self, from: broken))
    }
  }
}

/// Gradients under a scale.
final class ScaledGradientsTests: XCTestCase {
  private let x = Tensor.randomNormal([8, 4], generator: RandomGenerator(seed: 1))
  private let y = Tensor.randomNormal([8, 2], generator: RandomGenerator(seed: 2))

  private func assertEqual(
    _ a: Gradients?, _ b: Gradients, _ file: StaticString = #filePath, line: UInt = #line
  ) {
    guard let a else { return XCTFail("no gradients", file: file, line: line) }
    XCTAssertEqual(a.paths, b.paths, file: file, line: line)
    for path in b.paths {
      XCTAssertTrue(
        a[path]!.isClose(to: b[path]!, relative: 1e-6, absolute: 1e-6), path, file: file, line: line
      )
    }
  }

  func testUnscaledGradientsAreTheLosss() {
    let model = Linear(4, 2)
    let plain = model.valueAndGradients { meanSquaredError($0(x), y) }.gradients
    for scaler in [nil, GradScaler(), .fixed(3)] {
      let (value, scaled) = model.valueAndGradients(scaledBy: scaler) {
        meanSquaredError($0(x), y)
      }
      XCTAssertEqual(value.item(), meanSquaredError(model(x), y).item())
      assertEqual(scaled.unscaled().gradients, plain)
    }
  }

  func testMicroBatchesAndSeveralLossesAddUpUnderAnyScales() {
    let model = Linear(4, 2)
    func loss(_ rows: Range<Int>) -> Tensor { meanSquaredError(model(x[rows]), y[rows]) }
    let parts =
      model.gradients(of: loss(0..<2), scaledBy: .fixed(1024)) * 0.25
      + model.gradients(of: loss(2..<8), scaledBy: .fixed(8)) * 0.75
    XCTAssertEqual(parts.scale, 1024)
    assertEqual(parts.unscaled().gradients, model.gradients(of: loss(0..<8)))
  }

  func testEachOptimizerSkipsAloneAndTheScaleFallsOnce() throws {
    let (first, second) = (Linear(4, 2), Linear(4, 2))
    var (scaler, optimizers) = (GradScaler(), [Adam(), Adam()])
    let before = [first, second].map { $0.weight.value.copied() }
    let results = [
      first.gradients(of: meanSquaredError(first(x), y), scaledBy: scaler),
      second.gradients(of: second(x).sum() * Double.infinity, scaledBy: scaler),
    ].map { $0.unscaled() }
    for (place, (model, result)) in zip([first, second], results).enumerated() {
      guard let gradients = result.gradients else { continue }
      optimizers[place].update(model, with: gradients, learningRate: 0.1)
    }
    let update = try scaler.update(after: results[0], results[1])
    XCTAssertFalse(first.weight.value.isIdentical(to: before[0].with(origin: nil)))
    XCTAssertTrue(second.weight.value.isIdentical(to: before[1].with(origin: nil)))
    XCTAssertEqual(update.nonFinite, ["weight", "bias"])
    XCTAssertEqual([update.scaleBefore, update.scaleAfter], [0x1p16, 0x1p15])
  }

  func testPartsOfAModelAreUnscaledAlone() {
    let model = Sequential {
      Linear(4, 3)
      Linear(3, 2)
    }
    let scaled = model.gradients(of: model(x).square().sum(), scaledBy: GradScaler())
    let head = scaled.filtered { $0.hasPrefix("1.") }
    XCTAssertEqual(head.paths, ["1.weight", "1.bias"])
    XCTAssertEqual(head.unscaled().gradients?.paths, head.paths)
  }

  func testALossInFloat16ThatTheScaleOverflowsIsSkipped() {
    let model = Linear(4, 2)
    let scaled = autocast(.float16) {
      model.gradients(of: model(x).max(), scaledBy: GradScaler())
    }
    XCTAssertEqual(scaled.unscaled().nonFinite, ["weight", "bias"])
  }

  func testSmallGradientsSurviveInFloat16OnlyUnderAScale() throws {
    let model = Linear(4, 2)
    func gradients(_ scaler: GradScaler?) throws -> Gradients {
      let scaled = autocast(.float16) {
        model.gradients(of: model(x).cast(to: .float32).sum() * 1e-8, scaledBy: scaler)
      }
      return try XCTUnwrap(scaled.unscaled().gradients)
    }
    XCTAssertEqual(try gradients(nil).globalNorm, 0)
    let exact = model.gradients(of: model(x).sum() * 1e-8).globalNorm
    XCTAssertEqual(try gradients(GradScaler()).globalNorm, exact, accuracy: 0.01 * exact)
  }
}
