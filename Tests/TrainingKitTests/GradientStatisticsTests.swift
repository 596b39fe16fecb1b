import Foundation
import TestSupport
import TrainingKit
import XCTest

final class GradientStatisticsTests: XCTestCase {
  private let floats: [DType] = [.float32, .float64, .float16, .bfloat16]

  func testEveryCountIsExact() {
    withEvery("dtype", in: floats) { dtype in
      let found = Gradients([[3, -4, 0], [-0.0, 12], []], dtype).statistics
      expect(found.global.norm == 13, "\(found.global.norm)")
      expect(found.global.largest == 12, "\(found.global.largest)")
      expect(found.global.zeroCount == 2, "\(found.global.zeroCount)")
      expect(found.global.count == 5 && found.global.nonFiniteCount == 0, "\(found.global)")
      expect(found.global.rms == 13 / 5.0.squareRoot(), "\(found.global.rms)")
      expect(found["part0"]?.norm == 5 && found["part2"]?.rms == 0, "\(found)")
      expect(found["other"] == nil && found.firstNonFinite == nil, "\(found)")

      let broken = Gradients([[1], [5, .nan, -.infinity, .infinity, 2]], dtype).statistics
      expect(broken.global.nonFiniteCount == 3 && broken.global.largest == 5, "\(broken.global)")
      expect(broken.global.norm.isNaN && !broken.global.isFinite, "\(broken.global)")
      expect(broken.firstNonFinite == "part1" && broken["part0"]!.isFinite, "\(broken)")
    }
    XCTAssertEqual(Gradients([[1, -.infinity]]).globalNorm, .infinity)
    XCTAssertEqual(Gradients([]).statistics.global.norm, 0)
  }

  func testFiniteGradientsHaveFiniteNorms() {
    for (scale, dtype) in [
      (1e30, DType.float32), (1e-30, .float32), (1e-44, .float32), (1e300, .float64),
      (1e-300, .float64), (1e155, .float64), (Double.leastNonzeroMagnitude, .float64),
      (1e38, .bfloat16),
    ] {
      let given = Gradients(
        parts: [Tensor([scale, 0], dtype: dtype), Tensor([2 * scale], dtype: dtype)])
      // What is stored, which the smallest numbers differ from.
      let units: [Double] = given.values.joined().map { $0 / scale }
      for p in [1.0, 2, 3, 1.5] {
        let expected = pow(units.reduce(0) { $0 + pow($1, p) }, 1 / p)
        XCTAssertEqual(
          given.globalNorm(p: p) / scale, expected,
          accuracy: 1e-13 * expected + .leastNonzeroMagnitude / scale, "\(dtype)")
      }
      XCTAssertTrue(given.statistics.global.isFinite)
      let (clipped, report) = given.clipped(toGlobalNorm: scale)
      XCTAssertEqual(report.culprit, "part1")
      if scale > 1 { XCTAssertEqual(clipped.globalNorm / scale, 1, accuracy: 0.01) }
    }
    let beyond = Gradients([[1.7e308, 1.7e308]])
    XCTAssertEqual(beyond.globalNorm, .greatestFiniteMagnitude)
    XCTAssertGreaterThan(beyond.clipped(toGlobalNorm: 1).gradients.values[0][0], 0.7)
  }

  func testViewsAreMeasuredAsTheyAre() {
    let x = RandomGenerator(seed: 3).normal([40, 50], dtype: .float64)
    let norm = Gradients(parts: [x]).globalNorm
    XCTAssertEqual(Gradients(parts: [x.transposed()]).globalNorm, norm, accuracy: 1e-12)
    let rows = Gradients(parts: [x[3..<7]]).statistics.global
    XCTAssertEqual(rows.count, 200)
    XCTAssertEqual(rows.norm, x[3..<7].square().sum().sqrt().item(), accuracy: 1e-13)
  }

  func testTheSameBitsForAnyNumberOfThreads() {
    let count = Threads.count
    defer { Threads.count = count }
    for dtype in floats {
      let x = RandomGenerator(seed: 5).normal([1 << 18 + 77], dtype: dtype)
      let found = [1, 2, 3, 5].map { threads in
        Threads.count = threads
        return Gradients(parts: [x]).statistics
      }
      XCTAssertEqual(Set(found).count, 1, "\(dtype)")
      XCTAssertEqual(found[0].global.rms, 1, accuracy: 0.01)
    }
  }

  func testStatisticsSurviveJSON() throws {
    for parts in [[[1.0, 0], [2]], [[.infinity]], []] {
      let found = Gradients(parts).statistics
      let text = try JSONEncoder().encode(found)
      XCTAssertEqual(try JSONDecoder().decode(Gradients.Statistics.self, from: text), found)
    }
    let text = try JSONEncoder().encode(Gradients([[Double.nan]]).statistics)
    let read = try JSONDecoder().decode(Gradients.Statistics.self, from: text)
    XCTAssertTrue(read.global.norm.isNaN)
    let wrong = Data(#"{"norm":"x","largest":0,"nonFiniteCount":0,"zeroCount":0,"count":0}"#.utf8)
    XCTAssertThrowsError(try JSONDecoder().decode(TensorStatistics.self, from: wrong))
  }
}
