import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// Bytes go to a device while the program goes on, and are the right ones all the same.
final class StagingTests: XCTestCase {
  /// The device does nothing before somebody waits for it.
  private func deferred() -> FakeGPU {
    let gpu = FakeGPU()
    fake_cuda_defer(gpu.machine)
    return gpu
  }

  private func waits(_ gpu: FakeGPU) -> Int {
    gpu.calls("cuStreamSynchronize") + gpu.calls("cuEventSynchronize")
  }

  func testAnUploadIsNotWaitedFor() throws {
    let gpu = deferred()
    try gpu.run {
      let x = Tensor([Float](repeating: 3, count: 1000))
      XCTAssertEqual(waits(gpu), 0)
      XCTAssertEqual(x.sum().item(), 3000)
      XCTAssertEqual(waits(gpu), 1)
    }
  }

  func testABufferIsWrittenAgainOnlyWhenItWasRead() throws {
    let gpu = deferred()
    try gpu.run {
      let tensors = (0..<40).map { Tensor([Float](repeating: Float($0), count: 3 + 1000 * $0)) }
      for (place, x) in tensors.enumerated() {
        XCTAssertEqual(x.elements(Float.self), [Float](repeating: Float(place), count: x.count))
      }
      // Eight buffers, of which each grew to the largest power of two that was asked for.
      // Beside what checks of indices find.
      XCTAssertEqual(gpu.alive.host_allocations, 9)
      XCTAssertLessThanOrEqual(gpu.alive.host_bytes, 8 << 18 + 4096)
    }
  }

  func testWhatIsLargeGoesInPieces() throws {
    let gpu = deferred()
    try gpu.run {
      let count = (9 << 20) + 5
      let x = Tensor((0..<count).map { UInt8(truncatingIfNeeded: $0 % 251) })
      let elements = x.elements(UInt8.self)
      XCTAssertTrue(elements.indices.allSatisfy { elements[$0] == UInt8($0 % 251) })
      // Two whole buffers, and one for a rest of more than 1 MiB.
      XCTAssertEqual(gpu.alive.host_bytes, 10 << 20 + 4096)
    }
  }

  /// A batch goes by a stream of its own, for which the kernels' stream waits.
  func testWhatIsLargeIsCopiedAside() throws {
    let gpu = deferred()
    try gpu.run {
      for value in [1, 2, 3] as [Float] {
        let (small, large) = (
          Tensor([Float](repeating: value, count: 100)),
          Tensor([Float](repeating: value, count: 100_000))
        )
        XCTAssertEqual((small.sum() + large.sum()).item(), Double(value) * 100_100)
      }
      XCTAssertEqual(gpu.calls("cuMemcpyDtoDAsync_v2"), 3)
      XCTAssertEqual(gpu.calls("cuStreamWaitEvent"), 3)
      XCTAssertEqual(gpu.alive.streams, 2)
    }
  }

  /// The place of an upload may be memory that kernels in the stream still read.
  func testKernelsReadWhatWasThereBefore() throws {
    let gpu = deferred()
    try gpu.run {
      var sums: [Tensor] = []
      for value in 0..<20 {
        // The block of the last one is taken again.
        let x = Tensor([Float](repeating: Float(value), count: 50_000))
        sums.append(x.sum())
      }
      XCTAssertEqual(
        sums.map { $0.item() }, (0..<20).map { Double($0) * 50_000 })
      XCTAssertLessThan(Device.current.memory.peak, 3 * 200_000)
    }
  }

  func testWithoutRoomOnTheDeviceNothingIsCopiedAside() throws {
    let gpu = FakeGPU { $0.memory = 8 << 20 }
    try gpu.run {
      XCTAssertEqual(Tensor([Float](repeating: 2, count: 100_000)).sum().item(), 200_000)
      XCTAssertEqual(gpu.calls("cuMemcpyDtoDAsync_v2"), 0)
    }
  }

  /// The batches that a loader's thread makes are uploaded meanwhile, and a step waits no more often for that.
  func testTheNextBatchIsUploadedWhileAStepRuns() throws {
    let gpu = deferred()
    try gpu.run {
      let data = try withDevice(.cpu) {
        TensorDataset(
          inputs: Tensor.range(0, 64 * 4096).cast(to: .float32).reshaped([64, 4096]),
          labels: Tensor.range(0, 64))
      }
      for prefetch in [0, 3] {
        let before = waits(gpu)
        var expected = 0
        for batch in DataLoader(data, batchSize: 8, prefetch: prefetch) {
          XCTAssertEqual(
            batch.x[.all, 0].elements(Int.self), (0..<8).map { (expected + $0) * 4096 })
          expected += 8
        }
        XCTAssertEqual(expected, 64)
        XCTAssertEqual(waits(gpu) - before, 8)
      }
    }
  }

  func testNothingIsLeft() throws {
    let gpu = deferred()
    try gpu.run { _ = Tensor([Float](repeating: 3, count: 100_000)) }
    XCTAssertGreaterThan(gpu.alive.host_bytes, 0)
    gpu.closeLibraries()
    XCTAssertEqual(gpu.alive.host_allocations, 0)
    XCTAssertEqual(gpu.alive.streams, 0)
    XCTAssertEqual(gpu.alive.events, 0)
  }
}
