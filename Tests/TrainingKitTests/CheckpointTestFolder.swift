import Foundation
import XCTest

/// An empty folder that is gone when its test has ended.
struct TemporaryFolder: Sendable {
  let path: String

  /// Thousands of small files are for memory, where the system has such a folder.
  init(of test: XCTestCase, inMemory: Bool = false) {
    let memory = "/dev/shm"
    let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory)
    let base = isThere ? URL(fileURLWithPath: memory) : FileManager.default.temporaryDirectory
    let path = base.appendingPathComponent(UUID().uuidString).path
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      XCTFail("\(error)")
    }
    test.addTeardownBlock { try FileManager.default.removeItem(atPath: path) }
  }

  func file(_ name: String) -> String { path + "/" + name }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

extension [UInt8] {
  init(contentsOfFile path: String) throws {
    self = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  func write(toFile path: String) throws {
    try Data(self).write(to: URL(fileURLWithPath: path))
  }
}
