import TestSupport
import TrainingKit
import XCTest

final class TensorTests: XCTestCase {
  func testCreation() {
    XCTAssertEqual(Tensor([1, 2, 3]).dtype, .int64)
    XCTAssertEqual(Tensor([1.0, 2]).dtype, .float32)
    XCTAssertEqual(Tensor([1.0, 2], dtype: .float64).dtype, .float64)
    XCTAssertEqual(Tensor([true, false]).dtype, .bool)
    XCTAssertEqual(Tensor([[1, 2], [3, 4], [5, 6]]).shape, [3, 2])
    XCTAssertEqual(Tensor.range(0, 7, by: 3).elements(), [0, 3, 6])
    XCTAssertEqual(Tensor.range(5, 0, by: -2).elements(), [5, 3, 1])
    XCTAssertEqual(
      Tensor.linearSpace(0, 1, count: 5).elements(), [0, 0.25, 0.5, 0.75, 1] as [Float])
    XCTAssertEqual(Tensor.eye(2, 3).elements(), [1, 0, 0, 0, 1, 0] as [Float])
    XCTAssertEqual(Tensor(7.0).shape, .scalar)
    XCTAssertEqual(Tensor([Float]()).count, 0)
    XCTAssertThrowsError(try validated { Tensor([1, 2, 3], shape: [2, 2]) })
    XCTAssertThrowsError(try validated { Tensor([[1, 2], [3]]) })
  }

  func testElementsSurviveEveryDType() {
    for dtype in DType.allCases {
      let x = Tensor([0, 1, 1, 0], dtype: dtype)
      XCTAssertEqual(x.elements(Int.self), [0, 1, 1, 0], "\(dtype)")
      XCTAssertEqual(x.elements(Double.self), [0, 1, 1, 0], "\(dtype)")
    }
    XCTAssertEqual(Tensor([Float(1.5)], dtype: .bfloat16).elements(BFloat16.self), [BFloat16(1.5)])
    XCTAssertEqual(Tensor([Int64.max]).elements(Int64.self), [Int64.max])
  }

  func testNumbersOfAnySizeStandBesideTensors() {
    let x = Tensor([1, 2], dtype: .float64)
    for number in [1e30, -1e30, 0x1p63, .greatestFiniteMagnitude, -.infinity] {
      XCTAssertEqual((x * number)[0].item(), number)
      XCTAssertEqual(which(x .> 1, x, x.scalar(number)).elements(), [number, 2])
    }
    for number in [Int.max, Int.min, 1 << 53 + 1] {
      XCTAssertEqual(Tensor(number).elements(), [number])
      XCTAssertEqual((Tensor([0]) + number).elements(), [number])
    }
    let ends = [1e30, -1e30, .nan, 2.9, -2.9].map { number in
      Tensor(repeating: number, shape: [1], dtype: .int64).elements(Int.self)[0]
    }
    XCTAssertEqual(ends, [.max, .min, 0, 2, -2])
  }

  func testIndexing() {
    let x = Tensor.range(0, 24).reshaped([2, 3, 4])
    XCTAssertEqual(x[1].shape, [3, 4])
    XCTAssertEqual(x[1, 2, 3].item(), 23)
    XCTAssertEqual(x[-1, -1, -1].item(), 23)
    XCTAssertEqual(x[0, 1...].elements(), [4, 5, 6, 7, 8, 9, 10, 11])
    XCTAssertEqual(x[.all, 0, 1..<3].elements(), [1, 2, 13, 14])
    XCTAssertEqual(x[.ellipsis, 0].elements(), [0, 4, 8, 12, 16, 20])
    XCTAssertEqual(x[0, .from(0, by: 2), -1].elements(), [3, 11])
    XCTAssertEqual(x[.newAxis, 0, ..<1].shape, [1, 1, 4])
    XCTAssertEqual(x[0, ...1].shape, [2, 4])
    XCTAssertEqual(x[0, 2..<2].shape, [0, 4])
    XCTAssertEqual(x[0, 1..<99].shape, [2, 4])
    XCTAssertThrowsError(try validated { x[2] })
    XCTAssertThrowsError(try validated { x[0, 0, 0, 0] })
  }

  func testViewsShareMemory() {
    let x = Tensor.zeros([1000, 1000])
    let before = Device.cpu.memory.live
    let views = [
      x.transposed(), x[0..<10], x.reshaped([10, 100_000]), x.broadcast(to: [5, 1000, 1000]),
    ]
    XCTAssertEqual(Device.cpu.memory.live, before)
    XCTAssertEqual(views.count, 4)
  }

  func testReshapesOfStridedTensorsKeepTheOrder() {
    let x = Tensor.range(0, 24).reshaped([2, 3, 4])
    let y = x.permuted(1, 0, 2)
    XCTAssertEqual(y.reshaped([3, 8]).elements(Int.self), y.contiguous().elements())
    XCTAssertEqual(x.transposed().reshaped([24]).elements(Int.self), x.transposed().elements())
    XCTAssertEqual(x[.all, 1].reshaped([8]).elements(), [4, 5, 6, 7, 16, 17, 18, 19])
    XCTAssertEqual(x.reshaped([-1, 6]).shape, [4, 6])
  }

  func testPromotion() {
    let int = Tensor([1, 2])
    XCTAssertEqual((int * 2).dtype, .int64)
    XCTAssertEqual((int * 0.5).dtype, .float32)
    XCTAssertEqual((int / 2).dtype, .float32)
    XCTAssertEqual((Tensor([1.0], dtype: .bfloat16) * 0.5).dtype, .bfloat16)
    let half = Tensor([1.0], dtype: .float16)
    XCTAssertEqual((half + Tensor([1.0], dtype: .bfloat16)).dtype, .float32)
    XCTAssertEqual((half + Tensor(1.0, dtype: .float64)).dtype, .float16)
    XCTAssertEqual((Tensor([true]) + Tensor([UInt8(1)])).dtype, .uint8)
  }

  func testComparisonHelpers() {
    let x = Tensor([1.0, .nan, .infinity])
    XCTAssertTrue(x.isIdentical(to: x))
    XCTAssertFalse(x.isIdentical(to: x.cast(to: .float64)))
    XCTAssertTrue(x.isClose(to: x))
    XCTAssertFalse(x.isClose(to: Tensor([1.0, .nan, -.infinity])))
    XCTAssertTrue(Tensor([1.0]).isClose(to: Tensor([1.000001])))
    XCTAssertFalse(Tensor([1.0]).isClose(to: Tensor([1.1])))
  }

  func testThePoolRecycles() {
    Device.cpu.trimMemory()
    var x = Tensor.ones([1000, 100])
    for _ in 0..<10 { x = x * 0.5 + 1 }
    let taken = Device.cpu.memory.systemAllocations
    for _ in 0..<100 { x = x * 0.5 + 1 }
    XCTAssertEqual(Device.cpu.memory.systemAllocations, taken)
    XCTAssertGreaterThan(Device.cpu.memory.cached, 0)
    Device.cpu.trimMemory()
    XCTAssertEqual(Device.cpu.memory.cached, 0)
  }
}
