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

  func testNothingIsLeft() throws {
    let gpu = deferred()
    try gpu.run { _ = Tensor([Float](repeating: 3, count: 1000)) }
    XCTAssertGreaterThan(gpu.alive.host_bytes, 0)
    gpu.closeLibraries()
    XCTAssertEqual(gpu.alive.host_allocations, 0)
    XCTAssertEqual(gpu.alive.events, 0)
  }
}
