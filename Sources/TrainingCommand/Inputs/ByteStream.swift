#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file, or standard input, as its bytes come.
struct ByteStream: ~Copyable {
  private let descriptor: Int32
  private let name: String
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// Opens a file; `-` is standard input.
  init(_ path: String) throws(UsageError) {
    name = path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw failure() }
  }

  deinit { if descriptor > STDERR_FILENO { close(descriptor) } }

  /// The bytes that are there, at least one; waits for them. Nil at the end.
  mutating func next() throws(UsageError) -> ArraySlice<UInt8>? {
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      if count > 0 { return buffer[..<count] }
      if count == 0 { return nil }
      if errno != EINTR { throw failure() }
    }
  }

  private func failure() -> UsageError {
    let reason = String(cString: strerror(errno))
    return UsageError("\(name): expected a file that can be read, got \(reason)", .noInput)
  }
}
