internal import CTrainingRuntime

#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// Whole files as bytes.
enum FileReader {
  /// The bytes of a file, of which there is at least one.
  static func bytes(of path: String) throws(DataError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else { throw failure(path) }
    // One byte more than there should be: so the end shows at once.
    var bytes = try zeros(Int(status.st_size) + 1, for: path)
    var count = 0
    while let step = try read(descriptor, into: &bytes, from: count, path) {
      count += step
      // What is no regular file does not tell its size.
      if count == bytes.count { bytes += try zeros(max(count, 1 << 16), for: path) }
    }
    guard count > 0 else { throw DataError(path, expected: "data", got: "an empty file") }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// How many bytes came; nil at the end.
  private static func read(
    _ descriptor: Int32, into bytes: inout [UInt8], from start: Int, _ path: String
  ) throws(DataError) -> Int? {
    while true {
      let count = bytes.withUnsafeMutableBytes { buffer in
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
        return system(descriptor, rest.baseAddress, rest.count)
      }
      if count >= 0 { return count == 0 ? nil : count }
      guard errno == EINTR else { throw failure(path) }
    }
  }

  private static func system(
    _ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int
  ) -> Int {
    #if canImport(Darwin)
      Darwin.read(descriptor, bytes, count)
    #else
      Glibc.read(descriptor, bytes, count)
    #endif
  }

  /// Memory, asked for first where a refusal is an answer: an array would end the program.
  private static func zeros(_ count: Int, for path: String) throws(DataError) -> [UInt8] {
    guard let memory = tk_allocate(count) else {
      throw DataError(path, expected: "a file that fits into memory", got: "\(count) bytes")
    }
    tk_deallocate(memory, count)
    return [UInt8](repeating: 0, count: count)
  }

  private static func failure(_ path: String) -> DataError {
    DataError(path, expected: "a file that can be read", got: String(cString: strerror(errno)))
  }
}
