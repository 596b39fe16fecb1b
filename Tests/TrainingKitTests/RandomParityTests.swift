import DeviceChecks
import TestSupport
import TrainingKit
import XCTest

/// The Mersenne Twister's streams, beside PyTorch's.
final class RandomParityTests: XCTestCase {
  func testEveryStreamIsPyTorchs() throws {
    let file = try FixtureFile("parity")
    let cases = try file.cases("random")
    XCTAssertGreaterThan(cases.count, 20)
    for parity in cases {
      let generator = RandomGenerator(mersenneTwister: UInt64(parity.attributes["seed"]!.number))
      withEvery("stream", in: ["\(parity.name), \(parity.attributes)"]) { _ in
        for (position, call) in parity.calls.enumerated() {
          let expected = file.tensor("\(position)", of: parity)!
          let got = generator.draw(call)
          // PyTorch's normal numbers go through its own vectorized logarithm and cosine.
          let isExact = call.draw != "normal"
          let problem = mismatch(got, expected, roundings: isExact ? 0 : 4)
          expect(problem == nil, "call \(position): \(problem ?? "")")
        }
      }
    }
  }
}

private struct Draw {
  let draw: String
  let shape: Shape
  let dtype: DType
  let attributes: [String: FixtureAttribute]
}

extension ParityCase {
  fileprivate var calls: [Draw] {
    attributes["calls"]!.list.map { call in
      let fields = call.fields
      return Draw(
        draw: fields["draw"]!.text, shape: Shape(fields["shape"]!.ints),
        dtype: DType(named: fields["dtype"]!.text), attributes: fields)
    }
  }
}

extension RandomGenerator {
  fileprivate func draw(_ call: Draw) -> Tensor {
    func number(_ name: String) -> Double { call.attributes[name]!.number }
    switch call.draw {
    case "uniform":
      return uniform(call.shape, in: number("low")..<number("high"), dtype: call.dtype)
    case "normal":
      return normal(
        call.shape, mean: number("mean"), standardDeviation: number("standardDeviation"),
        dtype: call.dtype)
    case "integer": return integers(call.shape, in: Int(number("low"))..<Int(number("high")))
    default: return permutation(call.shape[0])
    }
  }
}
