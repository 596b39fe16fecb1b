import TrainingKit
import XCTest

final class ParameterFilterTests: XCTestCase {
  private let model = Sequential {
    Linear(2, 3)
    Residual { LayerNorm(3) }
    Linear(3, 10)
  }

  private func paths(_ filter: ParameterFilter) -> [String] {
    model.parameters.filter(filter.contains).map(\.path)
  }

  func testPatternsMatchWithinAndAcrossNames() {
    XCTAssertEqual(paths(.path("0.weight")), ["0.weight"])
    XCTAssertEqual(paths(.path("*.weight")), ["0.weight", "2.weight"])
    XCTAssertEqual(paths(.path("0.w*t")), ["0.weight"])
    XCTAssertEqual(paths(.path("0.w*x")), [])
    XCTAssertEqual(paths(.path("**.weight")), ["0.weight", "1.body.0.weight", "2.weight"])
    XCTAssertEqual(paths(.path("1.**")), ["1.body.0.weight", "1.body.0.bias"])
    XCTAssertEqual(paths(.path("**")), paths(.all))
    XCTAssertEqual(paths(.path("0")), [])
    XCTAssertEqual(paths(.path("")), [])
  }

  func testFiltersCombine() {
    XCTAssertEqual(paths(!.biasesAndNorms), ["0.weight", "2.weight"])
    XCTAssertEqual(paths(.path("0.**") && .biasesAndNorms), ["0.bias"])
    XCTAssertEqual(paths(.path("0.bias") || .path("2.bias")), ["0.bias", "2.bias"])
    XCTAssertEqual(
      paths(ParameterFilter { path, shape in shape == [10] && path != "" }), ["2.bias"])
  }
}
