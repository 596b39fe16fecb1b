#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Whole files as bytes.
enum File {
  static func read(_ path: String) throws(UsageError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw failure("read", path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes.append(contentsOf: chunk[..<count])
      if count < chunk.count { break }
    }
    guard ferror(file) == 0 else { throw failure("read", path) }
    guard !bytes.isEmpty else { throw UsageError("\(path): expected data, got an empty file") }
    return bytes
  }

  /// Writes beside the file and renames, so that an old file stays whole when writing fails.
  static func write(_ text: String, to path: String) throws(UsageError) {
    let partial = path + ".partial"
    guard let file = fopen(partial, "wb") else { throw failure("write", path) }
    let bytes = Array(text.utf8)
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count, rename(partial, path) == 0 else {
      let error = failure("write", path)
      unlink(partial)
      throw error
    }
  }

  /// Whether a file of that name could be written, found out before hours of training.
  static func checkWritable(_ path: String) throws(UsageError) {
    guard let file = fopen(path + ".partial", "wb") else { throw failure("write", path) }
    fclose(file)
    unlink(path + ".partial")
  }

  private static func failure(_ verb: String, _ path: String) -> UsageError {
    UsageError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
  }
}
