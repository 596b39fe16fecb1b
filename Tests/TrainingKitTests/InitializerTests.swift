import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

final class InitializerTests: XCTestCase {
  private func initializer(_ parity: ParityCase) -> Initializer? {
    let attributes = parity.attributes
    let gain = attributes["gain"]?.number ?? 1
    let mode: FanMode = attributes["mode"]?.text == "fanOut" ? .fanOut : .fanIn
    let nonlinearity: Nonlinearity =
      switch attributes["nonlinearity"]?.text {
      case "leakyReLU": .leakyReLU(attributes["slope"]!.number)
      case "linear": .linear
      case "tanh": .tanh
      default: .relu
      }
    switch parity.name {
    case "xavierUniform": return .xavierUniform(gain: gain)
    case "xavierNormal": return .xavierNormal(gain: gain)
    case "heUniform": return .heUniform(for: nonlinearity, mode: mode)
    case "heNormal": return .heNormal(for: nonlinearity, mode: mode)
    default: return structured(parity.name) { attributes[$0]!.number }
    }
  }

  private func structured(_ name: String, _ number: (String) -> Double) -> Initializer? {
    switch name {
    case "orthogonal": .orthogonal(gain: number("gain"))
    case "truncatedNormal":
      .truncatedNormal(
        number("mean"), number("deviation"), lower: number("lower"), upper: number("upper"))
    case "sparse": .sparse(number("sparsity"), standardDeviation: number("deviation"))
    case "identity": .identity
    case "dirac": .dirac(groups: Int(number("groups")))
    default: nil
    }
  }

  /// Uniform numbers to the bit, normal ones within the roundings of their logarithm and sine.
  func testEveryInitializerStartsAsPyTorchs() throws {
    let files = try ["parity", "initializers"].map { try FixtureFile($0) }
    let cases = try files.flatMap { file in try file.cases("initializer").map { (file, $0) } }
    print("initializers: \(cases.count) cases")
    XCTAssertGreaterThan(cases.count, 150)
    for (file, parity) in cases {
      let rule = try XCTUnwrap(initializer(parity), parity.name)
      let expected = try XCTUnwrap(file.tensor("weight", of: parity))
      let generator = RandomGenerator(mersenneTwister: UInt64(parity.attributes["seed"]!.int))
      let got = rule(expected.shape, dtype: expected.dtype, generator: generator)
      let label = "\(rule) of \(expected.shape) in \(expected.dtype)"
      if parity.name.hasSuffix("Uniform") || ["identity", "dirac"].contains(parity.name) {
        XCTAssertTrue(got.isIdentical(to: expected), label)
      } else {
        let roundings = expected.dtype == .float32 ? 8.0 : nil
        XCTAssertNil(mismatch(got, expected, roundings: roundings), label)
      }
    }
  }

  /// The promise of each rule: mean and variance, in the dtypes of networks.
  func testEveryInitializerHasTheMomentsOfItsRule() {
    let shape: Shape = [120, 40, 3, 2]
    let (fanIn, fanOut) = (240.0, 720.0)
    let moments: [(Initializer, mean: Double, variance: Double)] = [
      (.constant(0.25), 0.25, 0), (.uniform(-0.5, 2), 0.75, 6.25 / 12), (.normal(1, 0.1), 1, 0.01),
      (.xavierUniform(gain: 2), 0, 8 / (fanIn + fanOut)),
      (.xavierNormal(), 0, 2 / (fanIn + fanOut)),
      (.heUniform(), 0, 2 / fanIn), (.heNormal(for: .selu, mode: .fanOut), 0, 0.5625 / fanOut),
      (.heUniform(for: .leakyReLU(0.2)), 0, 2 / 1.04 / fanIn),
      (.heNormal(for: .tanh), 0, 25 / 9 / fanIn), (.lecunUniform(), 0, 1 / fanIn),
      (.lecunNormal(), 0, 1 / fanIn),
      (.heNormal(mode: .fanAverage), 0, 4 / (fanIn + fanOut)),
      // Between −2 and 2 a normal distribution has this variance.
      (.truncatedNormal(), 0, 0.773_741_303_549_7),
      (.orthogonal(gain: 3), 0, 9 / fanIn),
    ]
    for (rule, mean, variance) in moments {
      let values = rule(shape, dtype: .float64, generator: RandomGenerator(seed: 1))
      XCTAssertEqual(values.mean().item(), mean, accuracy: 0.03 * variance.squareRoot(), "\(rule)")
      XCTAssertEqual(
        values.variance().item(), variance, accuracy: 0.03 * variance, "\(rule)")
    }
  }

  func testEveryInitializerMakesEveryShapeAndDType() throws {
    for sample in InitializerCatalog.all {
      withEvery("initializer", in: [sample.initializer]) { rule in
        withEvery("dtype", in: [DType.float32, .float64, .float16, .bfloat16]) { dtype in
          let extents = Array(sample.shape)
          let none = extents.indices.map { axis in
            Shape(extents.enumerated().map { $0 == axis ? 0 : $1 })
          }
          for shape in [sample.shape] + none {
            func values() -> Tensor {
              rule(shape, dtype: dtype, generator: RandomGenerator(seed: 3))
            }
            expect(values().shape == shape && values().dtype == dtype, "\(shape)")
            expect(values().isIdentical(to: values()), "the same seed gives other values")
            expect(values().isFinite().all().item() == 1, "\(shape) is not finite")
          }
        }
      }
    }
    let rules = InitializerCatalog.all.map(\.initializer)
    XCTAssertEqual(Set(rules.map(\.description)).count, rules.count)
    XCTAssertEqual(Set(rules).count, rules.count)
    XCTAssertEqual(Initializer.heNormal(), .heNormal(for: .relu, mode: .fanIn))
    XCTAssertNotEqual(Initializer.heNormal(), .heUniform())
  }

  func testGainsAreThoseOfTheTable() {
    XCTAssertEqual(Nonlinearity.leakyReLU(0.01).gain, 1.4141428569978354)
    XCTAssertEqual(Nonlinearity.leakyReLU(0.2).gain, 1.3867504905630728)
    XCTAssertEqual(Nonlinearity.relu.gain, 2.0.squareRoot())
    XCTAssertEqual(Nonlinearity.tanh.gain, 5.0 / 3)
    XCTAssertEqual(Nonlinearity.selu.gain, 0.75)
    XCTAssertEqual([Nonlinearity.linear.gain, Nonlinearity.sigmoid.gain], [1, 1])
  }

  func testFansComeFromTheShape() {
    XCTAssertEqual(Fans([16, 2, 3, 3])?.in, 18)
    XCTAssertEqual(Fans([16, 2, 3, 3])?.out, 144)
    XCTAssertNil(Fans([16]))
  }

  func testAWeightOfOneAxisHasNoFans() {
    XCTAssertThrowsError(try validated { Initializer.heNormal()([4]) }) {
      XCTAssertEqual(
        "\($0)",
        "heNormal(for: relu, mode: fanIn): expected a weight of at least two axes, got [4]")
    }
    XCTAssertThrowsError(try validated { Initializer.xavierUniform()(.scalar) })
    XCTAssertThrowsError(try validated { Initializer.orthogonal()([4]) })
    XCTAssertThrowsError(try validated { Initializer.identity([2, 2, 2]) })
    XCTAssertThrowsError(try validated { Initializer.sparse(0.5)([2, 2, 2]) })
    XCTAssertThrowsError(try validated { Initializer.dirac()([2, 2]) })
  }

  func testBoundsInTheWrongOrderAreMistakes() {
    XCTAssertThrowsError(try validated { Initializer.uniform(2, 1)([2]) })
    XCTAssertThrowsError(try validated { Initializer.uniform(0, .infinity)([2]) })
    XCTAssertThrowsError(try validated { Initializer.normal(0, -1)([2]) })
    XCTAssertThrowsError(try validated { Initializer.normal(0, .nan)([2]) })
    XCTAssertThrowsError(try validated { Initializer.truncatedNormal(lower: 1, upper: 0)([2]) })
    XCTAssertThrowsError(try validated { Initializer.truncatedNormal(0, -1)([2]) })
    XCTAssertThrowsError(try validated { Initializer.truncatedNormal(3, 0)([2]) })
    XCTAssertThrowsError(try validated { Initializer.sparse(0.5, standardDeviation: -1)([2, 2]) })
    XCTAssertThrowsError(try validated { Initializer.sparse(1.5)([2, 2]) })
    XCTAssertThrowsError(try validated { Initializer.dirac(groups: 3)([4, 2, 3]) })
    XCTAssertThrowsError(try validated { Initializer.dirac(groups: 0)([4, 2, 3]) })
    XCTAssertNoThrow(try validated { Initializer.uniform(1, 1)([2]) })
  }
}
