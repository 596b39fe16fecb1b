#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A file that appears under its name once all of it is on the disk; until then, what had the name stays.
///
/// Meanwhile it lies beside under a name of its own. A writer that was killed leaves that behind, and the next one in
/// the folder removes it. A lock tells them apart, which the system takes from whoever dies: the number of a process
/// would not do, as containers give every run the same.
final class AtomicFile {
  private static let suffix = ".trainingkit-partial"

  private let path, partial: String
  private let descriptor: Int32

  private init(_ path: String, partial: String, descriptor: Int32) {
    (self.path, self.partial, self.descriptor) = (path, partial, descriptor)
  }

  deinit { close(descriptor) }

  /// Writes a file. What had its name stays when this throws, unless nothing but syncing the folder failed.
  static func write(
    to path: String, _ body: (AtomicFile) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let folder = Folder(of: path)
    removeLeftovers(in: folder)
    let writer = try create(path, in: folder)
    do throws(CheckpointError) {
      try body(writer)
      try writer.publish()
    } catch {
      unlink(writer.partial)
      throw error
    }
    try folder.sync()
  }

  /// Appends bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Darwin)
        let count = Darwin.write(descriptor, rest.baseAddress, min(rest.count, largestTransfer))
      #else
        let count = Glibc.write(descriptor, rest.baseAddress, min(rest.count, largestTransfer))
      #endif
      guard count >= 0 || errno == EINTR else { throw .system(path, "to write it") }
      rest = UnsafeRawBufferPointer(rebasing: rest[max(count, 0)...])
    }
  }

  private func publish() throws(CheckpointError) {
    guard synchronize(descriptor), rename(partial, path) == 0 else {
      throw .system(path, "to write it")
    }
  }

  private static func create(
    _ path: String, in folder: Folder
  ) throws(CheckpointError) -> AtomicFile {
    for _ in 0..<100 {
      // A name that never comes again: who removes leftovers may look at one that is gone.
      let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      let partial = folder.path(of: ".\(number)\(suffix)")
      let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .system(path, "to write it") }
      let writer = AtomicFile(path, partial: partial, descriptor: descriptor)
      // Whoever removes leftovers may have been faster than the lock.
      if writer.isLocked(), writer.isLinked { return writer }
    }
    throw .system(path, "to write it")
  }

  /// Some file systems have no locks; nobody removes leftovers there.
  private func isLocked() -> Bool {
    flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }

  private var isLinked: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }

  private static func removeLeftovers(in folder: Folder) {
    for name in folder.names() ?? [] where name.hasPrefix(".") && name.hasSuffix(suffix) {
      let partial = folder.path(of: name)
      let descriptor = open(partial, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(partial) }
      close(descriptor)
    }
  }
}

/// Brings what was written to the disk itself.
func synchronize(_ descriptor: Int32) -> Bool {
  #if canImport(Darwin)
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return true }
  #endif
  return fsync(descriptor) == 0
}
