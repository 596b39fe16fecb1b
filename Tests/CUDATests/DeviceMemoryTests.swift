import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// A GPU's memory is accounted for, limited and given back as the processor's is.
final class DeviceMemoryTests: XCTestCase {
  func testMemoryIsTheDevices() throws {
    let gpu = FakeGPU()
    try gpu.run {
      let before = Device.cpu.memory.live
      let x = Tensor([Float](repeating: 2, count: 100_000))
      XCTAssertEqual(Device.cuda(0).memory.live, MemoryPool.blockSize(for: 400_000))
      XCTAssertEqual(Device.cpu.memory.live, before)
      XCTAssertEqual(x.elements(Float.self), [Float](repeating: 2, count: 100_000))
    }
    gpu.installed {
      XCTAssertEqual(Device.cuda(0).memory.live, 0)
      XCTAssertGreaterThan(Device.cuda(0).memory.cached, 0)
      Device.cuda(0).trimMemory()
      XCTAssertEqual(Device.cuda(0).memory.cached, 0)
      XCTAssertEqual(gpu.alive.allocations, 0)
    }
  }

  func testBlocksAreUsedAgain() throws {
    let gpu = FakeGPU()
    try gpu.run {
      for _ in 0..<3 { _ = Tensor([Float](repeating: 1, count: 100_000)) }
      let allocations = gpu.calls("cuMemAlloc_v2")
      for _ in 0..<20 {
        for count in [1, 50, 100_000] { _ = Tensor([Float](repeating: 1, count: count)) }
      }
      XCTAssertEqual(gpu.calls("cuMemAlloc_v2"), allocations)
    }
  }

  func testTheDriversMemoryIsTheLimit() throws {
    try FakeGPU { $0.memory = 1 << 22 }.run {
      XCTAssertEqual(Device.current.memoryLimit, 1 << 22)
      let kept = Tensor([Float](repeating: 1, count: 1 << 19))
      XCTAssertThrowsError(try validated { Tensor([Float](repeating: 1, count: 1 << 20)) }) {
        guard case DeviceError.outOfMemory(let circumstance) = $0 else { return XCTFail("\($0)") }
        XCTAssertEqual(circumstance.requested, 1 << 22)
        XCTAssertEqual(circumstance.limit, 1 << 22)
        XCTAssertEqual(circumstance.usage.live, 1 << 21)
      }
      XCTAssertEqual(kept.count, 1 << 19)
      XCTAssertNoThrow(try validated { Tensor([Float](repeating: 1, count: 1 << 19)) })
    }
  }

  func testOthersOnTheDeviceLeaveLess() throws {
    // The driver has less than the limit says, as when another process took some.
    let gpu = FakeGPU { $0.memory = 1 << 22 }
    try gpu.run {
      Device.current.memoryLimit = 1 << 30
      XCTAssertThrowsError(try validated { Tensor([Float](repeating: 1, count: 1 << 21)) }) {
        guard case DeviceError.outOfMemory = $0 else { return XCTFail("\($0)") }
      }
      XCTAssertEqual(Tensor([1, 2]).elements(Int.self), [1, 2])
    }
  }

  func testThePlanIsThePeakToTheByte() throws {
    try FakeGPU().run {
      let model = Sequential {
        Linear(20, 30)
        ReLU()
        LayerNorm([30])
        Linear(30, 4)
      }
      var run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1e-3))
      let (x, y) = (Tensor.randomNormal([64, 20]), Tensor.randomIntegers([64], in: 0..<4))
      func step(_ run: inout TrainingRun<Sequential>) throws {
        _ = try run.step { crossEntropy($0(x), y) }
      }
      let plan = try run.memoryPlan { for _ in 0..<2 { try step(&$0) } }
      Device.current.resetPeakMemory()
      for _ in 0..<3 { try step(&run) }
      XCTAssertEqual(plan.peak, Device.current.memory.peak)
    }
  }
}
