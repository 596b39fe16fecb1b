import DeviceChecks
import FakeCUDA
import TestSupport
import TrainingKit
import XCTest

/// What a GPU computes is what the processor does.
final class CatalogParityTests: XCTestCase {
  /// - Parameters:
  ///   - order: in which threads and blocks get their turn.
  ///   - hasProducts: whether cuBLASLt is there.
  private func judge(
    _ checks: [DeviceCheck], atLeast count: Int, order: Int32 = 0, hasProducts: Bool = false
  ) {
    XCTAssertGreaterThanOrEqual(checks.count, count)
    let gpu = FakeGPU(hasProducts: hasProducts)
    fake_cuda_set_order(gpu.machine, order)
    gpu.installed {
      for check in checks {
        withEvery("check", in: [check.name]) { _ in
          do {
            for problem in try check.problems(.cuda(0)) { fail(problem) }
          } catch {
            fail("\(error)")
          }
        }
      }
    }
  }

  func testOperations() { judge(DeviceCheck.operations, atLeast: 400) }
  func testOperationsBackward() { judge(DeviceCheck.operations, atLeast: 400, order: 1) }
  func testOperationsScattered() { judge(DeviceCheck.operations, atLeast: 400, order: 2) }
  func testLayers() { judge(DeviceCheck.layers, atLeast: 20) }
  func testLosses() { judge(DeviceCheck.losses, atLeast: 20) }
  func testRandomNumbers() { judge(DeviceCheck.random, atLeast: 20) }
  func testOptimizers() { judge(DeviceCheck.optimizers, atLeast: 60) }
  func testRuns() { judge(DeviceCheck.runs, atLeast: 5) }

  func testOperationsByCublasLt() {
    judge(DeviceCheck.operations, atLeast: 400, hasProducts: true)
  }
  func testLayersByCublasLt() { judge(DeviceCheck.layers, atLeast: 20, hasProducts: true) }
  func testRunsByCublasLt() { judge(DeviceCheck.runs, atLeast: 5, hasProducts: true) }
}
