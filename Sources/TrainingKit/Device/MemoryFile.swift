internal import CTrainingRuntime

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file without a name whose pages take the place of memory. The disk has room for every page that is handed out, so
/// that a full disk is an error of the request and never a signal later.
package final class MemoryFile: SegmentSource {
  package let folder: String
  private let descriptor: Int32
  private let byteCount = Monitor(0)

  /// The bytes of all blocks that lie in files.
  static let total = Monitor(0)

  /// Opens a file in a folder.
  package init(in folder: String) throws(DeviceError) {
    self.folder = folder
    descriptor = tk_file_open(folder)
    guard descriptor >= 0 else {
      throw .noFile(folder: folder, reason: String(cString: strerror(errno)))
    }
  }

  deinit { tk_file_close(descriptor) }

  package var isApart: Bool { false }

  /// Pages at the file's end; nil when the disk is full.
  package func map(_ byteCount: Int) -> UInt? {
    self.byteCount.withLock { end in
      guard let pages = tk_file_map(descriptor, Int64(end), byteCount) else { return nil }
      end += byteCount
      return UInt(bitPattern: pages)
    }
  }

  package func unmap(_ address: UInt, _ byteCount: Int) {
    tk_unmap(UnsafeMutableRawPointer(bitPattern: address), byteCount)
  }

  private static let speeds = Monitor<[String: Double]>([:])

  /// The bytes that the folder's disk takes a second, measured once with a small file; hardly any where it takes none.
  package static func speed(of folder: String) -> Double {
    speeds.withLock { speeds in
      if speeds[folder] == nil { speeds[folder] = measuredSpeed(of: folder) }
      return speeds[folder]!
    }
  }

  private static func measuredSpeed(of folder: String) -> Double {
    guard let file = try? MemoryFile(in: folder) else { return 1 }
    let bytes = [UInt8](repeating: 1, count: 1 << 22)
    let start = ContinuousClock.now
    guard tk_file_write(file.descriptor, bytes, bytes.count) else { return 1 }
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(bytes.count) / (Double(seconds) + Double(attoseconds) * 1e-18)
  }
}
