#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Files that the command writes.
enum File {
  /// Writes beside the file and renames, so that an old file stays whole when writing fails.
  static func write(_ text: String, to path: String) throws(UsageError) {
    let partial = path + ".partial"
    guard let file = fopen(partial, "wb") else { throw failure(path) }
    let bytes = Array(text.utf8)
    let count = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, count == bytes.count, rename(partial, path) == 0 else {
      let error = failure(path)
      unlink(partial)
      throw error
    }
  }

  /// Throws for a device, which may have no end.
  static func checkEnds(_ path: String) throws(UsageError) {
    var status = stat()
    guard stat(path, &status) == 0, [S_IFCHR, S_IFBLK].contains(status.st_mode & S_IFMT) else {
      return
    }
    throw UsageError("\(path): expected a file with an end, got a device", .noInput)
  }

  /// Whether a file of that name could be written, found out before hours of training.
  static func checkWritable(_ path: String) throws(UsageError) {
    guard !path.isEmpty else {
      throw UsageError("expected a file to write, got an empty name", .cannotCreate)
    }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw UsageError("cannot write \(path): \(String(cString: strerror(EISDIR)))", .cannotCreate)
    }
    guard let file = fopen(path + ".partial", "wb") else { throw failure(path) }
    fclose(file)
    unlink(path + ".partial")
  }

  private static func failure(_ path: String) -> UsageError {
    UsageError("cannot write \(path): \(String(cString: strerror(errno)))", .cannotCreate)
  }
}
