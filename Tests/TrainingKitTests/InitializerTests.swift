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
    default: return nil
    }
  }

  /// Uniform numbers to the bit, normal ones within the roundings of their logarithm and sine.
  func testEveryInitializerStartsAsPyTorchs() throws {
    let file = try FixtureFile("parity")
    let cases = try file.cases("initializer")
    XCTAssertGreaterThan(cases.count, 50)
    for parity in cases {
      let rule = try XCTUnwrap(initializer(parity), parity.name)
      let expected = try XCTUnwrap(file.tensor("weight", of: parity))
      let generator = RandomGenerator(mersenneTwister: UInt64(parity.attributes["seed"]!.int))
      let got = rule(expected.shape, dtype: expected.dtype, generator: generator)
      let label = "\(rule) of \(expected.shape) in \(expected.dtype)"
      if parity.name.hasSuffix("Uniform") {
        XCTAssertTrue(got.isIdentical(to: expected), label)
      } else {
        XCTAssertNil(mismatch(got, expected), label)
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
      (.heNormal(for: .tanh), 0, 25 / 9 / fanIn),
    ]
    for (rule, mean, variance) in moments {
      let values = rule(shape, dtype: .float64, generator: RandomGenerator(seed: 1))
      XCTAssertEqual(values.mean().item(), mean, accuracy: 0.03 * variance.squareRoot(), "\(rule)")
      XCTAssertEqual(
        values.variance().item(), variance, accuracy: 0.03 * variance, "\(rule)")
    }
  }

  func testEveryInitializerMakesEveryShapeAndDType() throws {
    withEvery("initializer", in: InitializerCatalog.all) { rule in
      withEvery("dtype", in: [DType.float32, .float64, .float16, .bfloat16]) { dtype in
        for shape in [[3, 5], [2, 3, 4], [0, 4], [4, 0, 3]] as [Shape] {
          func values() -> Tensor { rule(shape, dtype: dtype, generator: RandomGenerator(seed: 3)) }
          expect(values().shape == shape && values().dtype == dtype, "\(shape)")
          expect(values().isIdentical(to: values()), "the same seed gives other values")
          expect(values().isFinite().all().item() == 1, "\(shape) is not finite")
        }
      }
    }
    XCTAssertEqual(
      Set(InitializerCatalog.all.map(\.description)).count, InitializerCatalog.all.count)
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
  }

  func testBoundsInTheWrongOrderAreMistakes() {
    XCTAssertThrowsError(try validated { Initializer.uniform(2, 1)([2]) })
    XCTAssertThrowsError(try validated { Initializer.uniform(0, .infinity)([2]) })
    XCTAssertThrowsError(try validated { Initializer.normal(0, -1)([2]) })
    XCTAssertThrowsError(try validated { Initializer.normal(0, .nan)([2]) })
    XCTAssertNoThrow(try validated { Initializer.uniform(1, 1)([2]) })
  }
}
