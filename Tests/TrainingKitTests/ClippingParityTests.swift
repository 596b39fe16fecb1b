import TestSupport
import TrainingKit
import XCTest

/// Nothing but parameters.
private final class Parts: Module {
  let part: [Parameter]
  init(_ weights: [Tensor]) { part = weights.map { Parameter($0) } }
  func forward(_ x: Tensor) -> Tensor { x }
}

/// Clipping beside PyTorch's, and beside the formulas of papers.
final class ClippingParityTests: XCTestCase {
  private func tensors(_ prefix: String, _ file: FixtureFile, _ parity: ParityCase) -> [Tensor] {
    (0..<9).compactMap { file.tensor("\(prefix).\($0)", of: parity) }
  }

  /// Those of a case, under the paths of `Parts`.
  private func gradients(_ file: FixtureFile, _ parity: ParityCase) -> Gradients {
    let tensors = tensors("gradient", file, parity)
    let paths = tensors.indices.map { "part.\($0)" }
    return Gradients(
      paths: paths, missing: [], tensors: Dictionary(uniqueKeysWithValues: zip(paths, tensors)))
  }

  /// What the rule of a case makes of gradients.
  private func clip(
    _ given: Gradients, _ parity: ParityCase, weights: [Tensor]
  ) -> (gradients: Gradients, report: ClippingReport) {
    func number(_ name: String) -> Double { parity.attributes[name]?.number ?? .nan }
    var clipping: Clipping
    switch parity.name {
    case "globalNorm": clipping = .globalNorm(number("largest"), p: number("p"))
    case "parameterNorm": clipping = .parameterNorm(number("largest"), p: number("p"))
    case "unitNorm": clipping = .unitNorm(ratio: number("ratio"), epsilon: number("epsilon"))
    default: clipping = .value(number("limit"))
    }
    return clipping.clip(given, of: Parts(weights))
  }

  func testClippingIsPyTorchs() throws {
    var compared: [String: Int] = [:]
    var refused = 0
    for name in ["clipping", "parity"] {
      let file = try FixtureFile(name)
      try withEvery(name, in: file.cases("clipping")) { parity in
        let given = gradients(file, parity)
        let weights = tensors("weight", file, parity)
        let (clipped, report) = clip(given, parity, weights: weights)
        if given.firstNonFinite != nil {
          refused += 1
          for path in given.paths {
            expect(clipped[path]!.isIdentical(to: given[path]!), "\(path) was changed")
          }
          return
        }
        compared[
          "\(parity.name) \(given.paths.first.map { "\(given[$0]!.dtype)" } ?? "nothing")",
          default: 0] += 1
        compare(clipped, report, file, parity)
      }
    }
    print(
      "clipping: \(compared.values.reduce(0, +)) cases are PyTorch's, \(refused) are not finite",
      compared.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })
    XCTAssertGreaterThanOrEqual(compared.values.reduce(0, +), 350)
    XCTAssertGreaterThanOrEqual(refused, 20)
  }

  private func compare(
    _ clipped: Gradients, _ report: ClippingReport, _ file: FixtureFile, _ parity: ParityCase
  ) {
    let norm = file.tensor("norm", of: parity)?.item() ?? report.norm
    let exact = tensors("exact", file, parity)
    let own = tensors("clipped", file, parity)
    // Squares of 1e300 overflow in PyTorch, which then makes every gradient 0.
    guard norm.isFinite else { return XCTAssertGreaterThan(clipped.globalNorm, 0) }
    expect(abs(report.norm - norm) <= 2e-7 * norm, "norm \(report.norm), expected \(norm)")
    for (place, path) in clipped.paths.enumerated() {
      let got = clipped[path]!
      // At a norm of exactly the maximum PyTorch still divides by 1 + 1e-6; this library leaves it.
      let slack = report.isClipped ? 0 : 1.1e-6
      let epsilon = got.dtype == .float64 ? 1e-14 : got.dtype.machineEpsilon
      if place < exact.count { assertNear(got, exact[place], relative: epsilon + slack, "exact") }
      if isSafe(norm, got.dtype) {
        assertNear(got, own[place], relative: 6 * epsilon + slack, "own")
      }
    }
  }

  /// Whether PyTorch's norm in the gradients' own dtype neither overflows nor is too small for its 1e-6.
  private func isSafe(_ norm: Double, _ dtype: DType) -> Bool {
    let largest = dtype.greatestFiniteMagnitude.squareRoot()
    return norm < largest / 2 && (norm > 1e-15 || dtype != .float16)
  }

  private func assertNear(
    _ got: Tensor, _ expected: Tensor, relative: Double, _ name: String
  ) {
    let least = got.dtype == .float16 ? 6e-8 : got.dtype == .float64 ? 0 : 1e-40
    for (value, wanted) in zip(got.elements(Double.self), expected.elements(Double.self)) {
      expect(
        abs(value - wanted) <= relative * abs(wanted) + least,
        "\(name) \(value), expected \(wanted)")
    }
  }

  func testTotalNormsArePyTorchs() throws {
    let file = try FixtureFile("clipping")
    var compared = 0
    try withEvery("totalNorm", in: file.cases("totalNorm")) { parity in
      let given = gradients(file, parity)
      for (name, p) in [
        ("p1.0", 1), ("p1.5", 1.5), ("p2.0", 2), ("p3.0", 3), ("pinfinity", Double.infinity),
      ] {
        let expected = try XCTUnwrap(file.tensor(name, of: parity)).item()
        let got = given.globalNorm(p: p)
        expect(abs(got - expected) <= 1e-14 * expected, "\(name): \(got), expected \(expected)")
        compared += 1
      }
    }
    XCTAssertEqual(compared, 20)
    XCTAssertThrowsError(try validated { Gradients([[1]]).globalNorm(p: -1) }) {
      XCTAssertEqual("\($0)", "globalNorm: expected a p above 0, or infinity, got -1.0")
    }
  }

  func testLimitsOfAHistoryAreThoseOfThePapers() throws {
    let file = try FixtureFile("clipping")
    var steps = 0
    var clips = 0
    try withEvery("history", in: file.cases("history")) { parity in
      func number(_ name: String) -> Double { parity.attributes[name]?.number ?? .nan }
      var clipping =
        parity.name == "zScore"
        ? Clipping.zScore(
          number("threshold"), decay: number("decay"), warmup: Int(number("warmup")))
        : .percentile(number("percentile"), window: Int(number("window")))
      let norms = try XCTUnwrap(file.tensor("norms", of: parity)).elements(Double.self)
      let limits = try XCTUnwrap(file.tensor("limits", of: parity)).elements(Double.self)
      for (norm, limit) in zip(norms, limits) {
        let (clipped, report) = clipping.clip(Gradients([[norm * 0.6], [norm * -0.8]]))
        steps += 1
        expect(
          report.maximum == limit || abs(report.maximum - limit) <= 1e-12 * limit,
          "limit \(report.maximum), expected \(limit)")
        expect(report.isClipped == (norm > limit * (1 + 1e-14)), "\(norm) beside \(limit)")
        if report.isClipped { clips += 1 }
        expect(clipped.globalNorm <= limit * (1 + 1e-12), "\(clipped.globalNorm) above \(limit)")
      }
    }
    print("clipping by history: \(steps) steps, \(clips) of them clipped")
    XCTAssertEqual(steps, 960)
    XCTAssertGreaterThan(clips, 100)
  }
}
