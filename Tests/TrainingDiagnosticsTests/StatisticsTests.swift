import Foundation
import TrainingDiagnostics
import XCTest

/// The statistics beside plain definitions.
final class StatisticsTests: XCTestCase {
  func testTheWindowEqualsASort() {
    var noise = Noise(seed: 1)
    for capacity in [1, 2, 3, 8, 33] {
      var window = Window(capacity: capacity)
      var values: [Double] = []
      XCTAssertNil(window.median)
      for place in 0..<200 {
        // Repeated values are the hard ones to remove.
        let value = (noise.normal() * 3).rounded()
        values.append(value)
        window.append(value)
        if place % 9 == 0 { window.append(.nan) }
        let last = Array(values.suffix(capacity))
        XCTAssertEqual(window.values, last)
        XCTAssertEqual(window.median!, last.median)
        XCTAssertEqual(window.minimum, last.min())
        XCTAssertEqual(window.maximum, last.max())
        XCTAssertEqual(window.value(before: 0), value)
        let distances = last.map { abs($0 - last.median) }.sorted()
        XCTAssertEqual(window.deviation!, 1.4826 * distances[last.count / 2], accuracy: 1e-12)
      }
    }
  }

  func testLevelsAreMeansOfEqualStretches() {
    var levels = Levels(unit: 1, capacity: 8)
    for value in 0..<64 { levels.append(Double(value), at: value) }
    XCTAssertEqual(levels.valuesPerLevel, 16)
    XCTAssertEqual(levels.values, [7.5, 23.5, 39.5, 55.5])
    XCTAssertEqual(levels.steps, [15, 31, 47, 63])
    XCTAssertLessThan(levels.values.count, 8)
  }

  func testAnOutlierDoesNotMoveALevel() {
    var levels = Levels(unit: 5, capacity: 8)
    for value in [1, 1, 1e9, 1, 1, 2, 2, 2, 2, -1e9] { levels.append(value, at: 0) }
    XCTAssertEqual(levels.values, [1, 2])
  }

  func testATrendIsNoNoise() {
    var noise = Noise(seed: 2)
    let flat = (0..<200).map { _ in noise.normal() }
    XCTAssertLessThan(abs(Trend(flat).significance), 3)
    XCTAssertEqual(Trend(flat).noise, 1, accuracy: 0.3)
    let falling = flat.enumerated().map { $1 - 0.02 * Double($0) }
    XCTAssertLessThan(Trend(falling).significance, -8)
    XCTAssertEqual(Trend([1, 1, 1, 1]).significance, 0)
    XCTAssertEqual(Trend([]).significance, 0)
  }

  func testRatiosKnowNoUnits() {
    for scale in [1e-30, 1, 1e30] {
      var series = Series(levels: Levels(unit: 5, capacity: 8))
      for value in [1.0, 2, 3, 2, 2] { series.append(value * scale, at: 0) }
      XCTAssertEqual(series.ratio(of: 6 * scale)!, 3, accuracy: 1e-9)
    }
    // Below zero, changes are measured by the range.
    var series = Series(levels: Levels(unit: 5, capacity: 8))
    for value in [9.0, 9, 9, -1, -1, -1, -1] { series.append(value, at: 0) }
    XCTAssertEqual(series.ratio(of: 9)!, 2, accuracy: 1e-9)
  }
}
