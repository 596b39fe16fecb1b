import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// A call of the driver or the compiler that fails is an error with its name and words, and leaves nothing behind.
final class FaultTests: XCTestCase {
  /// Uses a GPU in most ways.
  private func work() throws -> [Double] {
    try validated {
      try withDevice(.cuda(0)) {
        let model = withRandomGenerator(RandomGenerator(seed: 3)) { Linear(4, 3) }
        var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(0.1))
        let x = RandomGenerator(seed: 4).normal([5, 4])
        // What is large is copied aside.
        let large = Tensor([Float](repeating: 1, count: 20_000)).sum().item()
        let outcome = try run.step { $0(x).square().sum() }
        return [outcome.report.loss, large] + model.weight.value.to(.cpu).elements(Double.self)
      }
    }
  }

  private func calls(of gpu: FakeGPU) -> Int { Int(fake_cuda_calls(gpu.machine, nil)) }

  func testEveryCallThatFailsOnceIsAnErrorAndNoMore() throws {
    let quiet = FakeGPU()
    let expected = try quiet.installed(work)
    let count = calls(of: quiet)
    XCTAssertGreaterThan(count, 100)
    var refusals = 0
    // The first calls look for the GPU, once and for all.
    for position in 1...count {
      let gpu = FakeGPU()
      fake_cuda_fail(gpu.machine, nil, Int64(position), 999)
      try withEvery("call", in: [position]) { _ in
        try gpu.installed {
          do {
            expect(try work() == expected, "the result is another one")
          } catch let error as DeviceError {
            refusals += 1
            expect(
              ["CUDA_ERROR_UNKNOWN", "NVRTC_ERROR", "CUBLAS_STATUS", "memory"].contains {
                "\(error)".contains($0)
              },
              "\(error)")
          }
          if Device.cuda.unavailability == nil {
            expect(try work() == expected, "the result after the error is another one")
            expect(Device.cuda(0).memory.live == 0, "\(Device.cuda(0).memory)")
          }
        }
      }
    }
    XCTAssertGreaterThan(refusals, count / 2)
  }

  func testALostDeviceIsSaidToBeLost() throws {
    let gpu = FakeGPU()
    try gpu.installed {
      _ = try work()
      fake_cuda_lose(gpu.machine)
      XCTAssertThrowsError(try work()) {
        guard case DeviceError.failed(_, .cuda(0), let call, let words, true)? = $0 as? DeviceError
        else { return XCTFail("\($0)") }
        XCTAssertTrue(words.contains("CUDA_ERROR_LAUNCH_FAILED"), words)
        XCTAssertTrue("\($0)".contains(call))
        XCTAssertTrue("\($0)".contains("the device is lost"), "\($0)")
      }
    }
  }

  func testNothingIsLeftWhenTheGPUIsNoLongerUsed() throws {
    let machine: OpaquePointer
    do {
      let gpu = FakeGPU()
      machine = gpu.machine
      _ = try gpu.installed(work)
      gpu.closeLibraries()
      let alive = fake_cuda_alive(machine)
      XCTAssertEqual(alive.allocations, 0)
      XCTAssertEqual(alive.host_allocations, 0)
      XCTAssertEqual(alive.events, 0)
      XCTAssertEqual(alive.products, 0)
      XCTAssertEqual(alive.modules, 0)
      XCTAssertEqual(alive.streams, 0)
      XCTAssertEqual(alive.contexts, 0)
      XCTAssertEqual(alive.programs, 0)
    }
  }
}
