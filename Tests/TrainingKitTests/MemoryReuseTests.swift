import TrainingKit
import XCTest

/// An intermediate result that nobody holds gives its memory to the next one, and nothing else does.
final class MemoryReuseTests: XCTestCase {
  private let a = Tensor.randomNormal([64, 64]), b = Tensor.randomNormal([64, 64])

  /// The blocks of a matrix's size that `body` has at most at one time.
  private func blocks(_ body: () -> Tensor) -> Int {
    let live = Device.cpu.memory.live
    Device.cpu.resetPeakMemory()
    _ = body()
    return (Device.cpu.memory.peak - live) / (64 * 64 * 4)
  }

  func testAChainOfOperatorsTakesOneBlock() {
    XCTAssertEqual(blocks { a * b + a - b }, 1)
    XCTAssertEqual(blocks { 2 - (a + 1) / 3 * b }, 1)
    XCTAssertEqual(blocks { a + (b * 2 - a) }, 1)
    // A row has no room for a matrix.
    XCTAssertEqual(blocks { (a[0] + 1) + b }, 1)
  }

  func testASumThatGrowsStaysWhereItIs() {
    var sum = a * 1
    XCTAssertEqual(
      blocks {
        for _ in 0..<10 { sum += b }
        return Tensor(0.0)
      }, 0)
    XCTAssertTrue(sum.isClose(to: a + b * 10, absolute: 1e-4))
  }

  func testWhatSomebodyHoldsStays() {
    let product = a * b
    let (row, flat) = ((a * b)[0], (a * b).flattened())
    let numbers = product.elements(Float.self)
    let holders: [() -> Tensor] = [
      { product + 1 }, { product + product }, { product.reshaped([4096]) * 2 }, { row * 0 },
      { flat - flat }, { product.transposed() / 3 },
    ]
    for holder in holders {
      _ = holder()
      XCTAssertEqual(product.elements(Float.self), numbers)
      XCTAssertEqual(flat.elements(Float.self), numbers)
      XCTAssertEqual(row.elements(Float.self), Array(numbers[0..<64]))
    }
    var copy = product
    copy *= 0
    XCTAssertEqual(product.elements(Float.self), numbers)
  }

  func testWhatAGradientReadsStays() {
    func value(_ x: [Tensor]) -> Tensor {
      let product = x[0] * x[1]
      return (product * product + x[0]).exp() / (x[1] * 2 + 5) * (product - x[1]) * x[0].tanh()
    }
    let inputs = (1...2).map {
      Tensor.linearSpace(-0.9, 0.3 * Double($0), count: 6, dtype: .float64)
    }
    let report = checkGradients(of: { value($0) }, at: inputs)
    XCTAssertTrue(report.isCorrect, "\(report)")
    // With respect to intermediate values, too, whose gradients flow on.
    let x = inputs[0].tracked()
    let y = x * 3
    let gradients = ((y + 1) * y).sum().gradients(for: [x, y])
    XCTAssertTrue(gradients[1].isClose(to: 2 * y.detached() + 1, absolute: 1e-12))
    XCTAssertTrue(gradients[0].isClose(to: gradients[1] * 3, absolute: 1e-12))
  }

  func testABackwardPassReusesGradients() {
    let x = a.tracked()
    let y = (x * 2).tanh() + x
    let seed = Tensor.ones([64, 64])
    // The seed is the caller's; all that comes of it is in one place.
    XCTAssertEqual(blocks { y.pullback(seed, to: [x])[0] }, 1)
    XCTAssertEqual(seed.sum().item(), 4096)
  }

  /// The sum of gradients, and those of one part; a weight's gradient lies as the weight does.
  func testPartsAddUpInOnePlace() throws {
    let weights = 2 * 256 * 256 * 4
    for (parts, most) in [(1, weights), (4, 2 * weights)] {
      let timeline = try MemoryPlan {
        let model = Sequential {
          Linear(256, 256, bias: false)
          Linear(256, 256, bias: false)
        }
        var run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-3))
        let rows = Array(repeating: Tensor.ones([8, 256]), count: parts)
        for _ in 0..<2 {
          _ = try run.step(accumulating: rows) { model, x in model(x).square().mean() }
        }
      }.timeline
      let bills = timeline.bills(at: Array(timeline.live.indices))
      XCTAssertEqual(bills.map { $0[.gradients] }.max()!, most, "\(parts) parts")
    }
  }

  func testPaperThatOutlivesItsPlanIsNotWritten() {
    var kept = a * 1
    _ = MemoryPlan { kept = Tensor.ones([64, 64]) * 2 }
    kept += a
    XCTAssertEqual(kept.elements(Float.self), a.elements(Float.self))
  }
}
