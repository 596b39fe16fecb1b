#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file that is read from its start on.
final class SequentialFile {
  let path: String
  /// The size when the file was opened.
  private(set) var byteCount = 0
  private let descriptor: Int32

  init(_ path: String) throws(CheckpointError) {
    self.path = path
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, "to read it") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "to read it") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError(.system, path, nil, expected: "a file", got: "a folder or a device")
    }
    byteCount = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Leaves the next bytes out.
  func skip(_ count: Int) throws(CheckpointError) {
    guard lseek(descriptor, off_t(count), SEEK_CUR) >= 0 else {
      throw .system(path, "to read it")
    }
  }

  /// Fills the buffer with the next bytes. A file that ends before is damaged, at the part of that name.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, _ name: String?
  ) throws(CheckpointError) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      #if canImport(Darwin)
        let count = Darwin.read(descriptor, rest.baseAddress, min(rest.count, largestTransfer))
      #else
        let count = Glibc.read(descriptor, rest.baseAddress, min(rest.count, largestTransfer))
      #endif
      if count < 0 {
        guard errno == EINTR else { throw .system(path, "to read it") }
      } else if count == 0 {
        throw CheckpointError(
          .damaged, path, name, expected: "\(buffer.count) bytes", got: "\(done)")
      } else {
        done += count
      }
    }
  }
}

/// The most bytes that one call of the system moves.
let largestTransfer = 1 << 30

extension CheckpointError {
  /// What the system's last call was refused for.
  static func system(_ path: String, _ purpose: String) -> Self {
    Self(.system, path, nil, expected: purpose, got: "'\(String(cString: strerror(errno)))'")
  }
}
