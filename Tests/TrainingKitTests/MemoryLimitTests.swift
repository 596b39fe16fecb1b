import TestSupport
import TrainingKit
import XCTest

/// What happens at the limit of memory, and after a call that failed.
final class MemoryLimitTests: XCTestCase {
  /// Workspace grows with the threads.
  override func invokeTest() { withThreads(2) { super.invokeTest() } }

  func testTheLimitIsWhatTheMachineHas() {
    XCTAssertGreaterThan(Device.cpu.memoryLimit, 100_000_000)
    XCTAssertLessThan(Device.cpu.memoryLimit, 1 << 50)
  }

  func testBeyondTheLimitTheErrorSaysWhoHasTheMemory() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    let model = Sequential {
      Linear(256, 1024)
      ReLU()
      Linear(1024, 256)
    }
    let x = Tensor.ones([1024, 256])
    var run = TrainingRun(model: model, optimizer: SGD(), schedule: .constant(0.1))
    let before = model.state().mapValues { $0.elements(Float.self) }
    let cases = [
      (7_500_000, "1", "relu", "matmul in 0"), (9_000_000, "2", "matmul", "relu in 1"),
    ]
    for (room, path, operation, holder) in cases {
      Device.cpu.memoryLimit = Device.cpu.memory.live + room
      XCTAssertThrowsError(try run.step { $0(x).sum() }) { error in
        guard case .outOfMemory(let found)? = error as? DeviceError else {
          return XCTFail("\(error)")
        }
        XCTAssertEqual(found.path, path)
        XCTAssertEqual(found.requested, 4 << 20)
        XCTAssertEqual(found.limit, Device.cpu.memoryLimit)
        XCTAssertLessThanOrEqual(found.usage.live, found.limit)
        XCTAssertEqual(found.usage.cached, 0)
        let activations = found.holders.first { $0.owner == .activations }
        XCTAssertEqual("\(activations!)", "activations 4.19 MB of \(holder)")
        let start = "\(path): \(operation): out of memory: expected 4.19 MB within a limit of "
        XCTAssertTrue("\(error)".hasPrefix(start), "\(error)")
      }
      XCTAssertEqual(model.state().mapValues { $0.elements(Float.self) }, before)
      Device.cpu.memoryLimit = limit
    }
    XCTAssertTrue(try run.step { $0(x).sum() }.isApplied)
  }

  func testTheCacheIsGivenBackBeforeMemoryRunsOut() throws {
    let limit = Device.cpu.memoryLimit
    defer { Device.cpu.memoryLimit = limit }
    Device.cpu.trimMemory()
    Device.cpu.memoryLimit = Device.cpu.memory.live + 5_000_000
    for size in [1_000_000, 700_000, 900_000, 500_000] {
      XCTAssertNoThrow(try validated { Tensor.ones([size]) })
    }
  }

  /// A result that failed has no shape that anybody could count on.
  func testWhatFailedMayMeetEveryLayerAndLoss() {
    let losses: [(Tensor) -> Tensor] = [
      { crossEntropy($0, Tensor([1])) }, { meanSquaredError($0, $0) },
      { causalLanguageModelLoss($0, Tensor([1])) }, { $0.sum(axis: -1).mean() },
    ]
    for sample in LayerCatalog.all {
      let layer = sample.make()
      for loss in losses {
        XCTAssertThrowsError(
          try validated {
            let failed = Tensor.ones([2, 3]).matmul(Tensor.ones([2, 3]))
            return loss(layer(failed))
          }, sample.name
        ) { XCTAssertTrue("\($0)".hasPrefix("matmul"), "\($0)") }
      }
    }
  }

  func testAReportSaysWhatMemoryIsUsedFor() throws {
    let report = "\(Device.cpu.memory)"
    XCTAssertNotNil(
      report.wholeMatch(
        of: /.* in use(: [a-z0-9 .,kMGB]*)?; .* at the peak; .* cached, fragmentation [0-9]+ %/),
      report)
    let model = Linear(128, 128)
    var run = TrainingRun(model: model, optimizer: AdamW(), schedule: .constant(1))
    _ = try run.step { $0(Tensor.ones([4, 128])).sum() }
    let holdings = Device.cpu.memoryHoldings(in: model)
    XCTAssertEqual(holdings.reduce(0) { $0 + $1.byteCount }, Device.cpu.memory.live)
    XCTAssertEqual(holdings.map(\.byteCount), holdings.map(\.byteCount).sorted(by: >))
    XCTAssertEqual(
      holdings.first { $0.owner == .optimizer }?.byteCount, 2 * 128 * 128 * 4 + 2 * 512)
  }

  func testGradientsAreBilledAsTheyCome() throws {
    let timeline = MemoryPlan {
      let model = Sequential((0..<4).map { _ in Linear(256, 256, bias: false) })
      _ = model.gradients(of: model(Tensor.ones([4, 256])).sum())
    }.timeline
    let bills = timeline.bills(at: Array(timeline.live.indices)).map { $0[.gradients] }
    for count in 1...4 { XCTAssertTrue(bills.contains(count * 256 * 256 * 4), "\(count)") }
  }

  func testBytesForPeople() {
    let words = [0, 999, 1000, 33_554_432, 999_499, 999_600, 1_500_000_000, -2_048].map {
      "\(ByteCount($0))"
    }
    XCTAssertEqual(
      words,
      [
        "0 bytes", "999 bytes", "1.00 kB", "33.6 MB", "999 kB", "1.00 MB", "1.50 GB", "-2.05 kB",
      ])
  }

  func testABillIsTheSumOfItsOwners() {
    var (a, b) = (MemoryBill(), MemoryBill())
    (a[.weights], a[.activations], b[.weights]) = (4_000, 10_000, 1_000)
    XCTAssertEqual((a - b).total, 13_000)
    XCTAssertEqual("\(a)", "activations 10.0 kB, weights 4.00 kB")
  }
}
