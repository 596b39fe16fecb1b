import FakeCUDA
import Foundation
import TrainingKit
import XCTest

/// A kernel is compiled once on a machine, and again where its file is damaged.
final class KernelCacheTests: XCTestCase {
  private let folder = NSTemporaryDirectory() + "kernels-\(UUID().uuidString)/deep"

  override func tearDown() {
    setenv("TRAININGKIT_KERNEL_CACHE", "", 1)
    try? FileManager.default.removeItem(atPath: (folder as NSString).deletingLastPathComponent)
  }

  /// How many kernels a program that begins now compiles.
  private func compilations() throws -> Int {
    let gpu = FakeGPU()
    setenv("TRAININGKIT_KERNEL_CACHE", folder, 1)
    try gpu.run { XCTAssertEqual((Tensor([1.0, 2]) * 3).sum().item(), 9) }
    return gpu.calls("nvrtcCompileProgram")
  }

  func testAKernelIsCompiledOnce() throws {
    let count = try compilations()
    XCTAssertGreaterThan(count, 2)
    XCTAssertEqual(try compilations(), 0)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    XCTAssertEqual(files.count, count, "\(files)")
  }

  func testADamagedFileIsCompiledAgain() throws {
    let count = try compilations()
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let path = folder + "/" + files[0]
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in [0, bytes.count / 2, bytes.count - 1] {
      var damaged = bytes
      damaged[place] ^= 1
      try damaged.write(to: URL(fileURLWithPath: path))
      XCTAssertEqual(try compilations(), 1, "byte \(place)")
    }
    try bytes.prefix(5).write(to: URL(fileURLWithPath: path))
    XCTAssertEqual(try compilations(), 1, "a short file")
    XCTAssertEqual(try compilations(), 0)
    XCTAssertGreaterThan(count, 0)
  }
}
