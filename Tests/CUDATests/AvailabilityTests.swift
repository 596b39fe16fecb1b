import FakeCUDA
import TrainingKit
import XCTest

/// What a machine says of its GPUs, in words where it has none.
final class AvailabilityTests: XCTestCase {
  private func reason(_ change: (inout fake_cuda_settings) -> Void) -> String? {
    FakeGPU(change).installed { Device.cuda.unavailability }
  }

  func testAGPUIsFound() throws {
    FakeGPU().installed {
      XCTAssertNil(Device.cuda.unavailability)
      XCTAssertEqual(Device.all, [.cpu, .cuda(0)])
      XCTAssertEqual(Device.default, .cuda(0))
      XCTAssertEqual(Device.cuda(0).instructionSet, "sm_90")
      XCTAssertEqual(Device.cuda(0).memoryLimit, 1 << 30)
      XCTAssertFalse(Device.cuda(1).isAvailable)
    }
  }

  func testTwoGPUsAreApart() throws {
    try FakeGPU { $0.devices = 2 }.installed {
      XCTAssertEqual(Device.all, [.cpu, .cuda(0), .cuda(1)])
      let x = Tensor([1.0, 2, 3]).to(.cuda(1))
      XCTAssertEqual(x.device, .cuda(1))
      XCTAssertEqual(Device.cuda(0).memory.live, 0)
      XCTAssertGreaterThan(Device.cuda(1).memory.live, 0)
      XCTAssertEqual(x.to(.cuda(0)).elements(Float.self), [1, 2, 3])
      XCTAssertThrowsError(try validated { try withDevice(.cuda(0)) { x + x } }) {
        XCTAssertEqual(
          "\($0)",
          "add: expected inputs on cuda:0, where this scope computes, got cuda:1 and cuda:1")
      }
    }
  }

  func testReasonsAreWords() {
    XCTAssertEqual(reason { $0.devices = 0 }, "no device")
    XCTAssertEqual(reason { $0.driver_version = 12020 }, "driver 12.2, needs 12.4 or later")
    XCTAssertEqual(
      reason { $0.capability = 75 },
      "Emulated GPU 0 has compute capability 7.5, needs 8.0 or later")
    XCTAssertEqual(
      reason { ($0.driver_version, $0.compiler_version) = (12080, 13000) },
      "NVRTC: 13.0 is too new for driver 12.8")
    XCTAssertNil(reason { ($0.driver_version, $0.compiler_version) = (13000, 12090) })
    withUnsafeMissing("cuLaunchKernel") { name in
      XCTAssertEqual(reason { $0.missing = name }, "libcuda has no cuLaunchKernel")
    }
    withUnsafeMissing("nvrtcGetCUBIN") { name in
      XCTAssertEqual(reason { $0.missing = name }, "libnvrtc has no nvrtcGetCUBIN")
    }
  }

  func testWithoutAGPUAScopeOfOneIsAnError() throws {
    try FakeGPU { $0.devices = 0 }.installed {
      XCTAssertEqual(Device.default, .cpu)
      XCTAssertThrowsError(try withDevice(.cuda(0)) {}) {
        XCTAssertEqual("\($0)", "cuda:0: no device")
      }
      XCTAssertThrowsError(try validated { Tensor([1]).to(.cuda(0)) }) {
        XCTAssertEqual("\($0)", "cuda:0: no device")
      }
    }
  }

  func testAScopeOfAGPUThatIsNotThereIsAnError() throws {
    try FakeGPU().installed {
      XCTAssertThrowsError(try withDevice(.cuda(3)) {}) {
        XCTAssertEqual(
          "\($0)", "cuda:3: expected a number below 1, the count of GPUs, got 3")
      }
    }
  }

  func testNamesAreRead() {
    for device in [Device.cpu, .cuda(0), .cuda(11)] {
      XCTAssertEqual(Device(device.description), device)
    }
    XCTAssertEqual(Device("cuda"), .cuda(0))
    for name in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CPU"] {
      XCTAssertNil(Device(name), name)
    }
  }

  private func withUnsafeMissing(_ name: String, _ body: (UnsafePointer<CChar>) -> Void) {
    name.withCString(body)
  }
}
