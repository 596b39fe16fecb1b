internal import CTrainingRuntime

/// Work that is cut into pieces, for each of which a thread needs scratch memory.
struct ScratchWork {
  let name: String
  let pieces, grain: Int
  /// The bytes that a thread needs.
  let size: Int
  /// The bytes that all threads share; they come first.
  let shared: Int

  /// - Parameter work: multiplications with additions in all pieces.
  init(_ name: String, pieces: Int, work: Int, size: Int, shared: Int = 0) {
    (self.name, self.pieces) = (name, pieces)
    grain = max(1, (1 << 17) * pieces / max(1, work))
    self.size = (size + 63) / 64 * 64
    self.shared = (shared + 63) / 64 * 64
  }

  var roomByteCount: Int { shared + size * (pieces > grain ? Threads.count : 1) }

  /// Room for every thread, as any of them may take any piece. It depends on sizes and the number of threads alone.
  func room(from pool: MemoryPool) throws(DeviceFault) -> Storage {
    let bytes = roomByteCount
    let tag = MemoryTag(name, owner: .workspace, module: nil)
    guard let storage = pool.take(byteCount: bytes, tag) else { throw .noRoom(byteCount: bytes) }
    return storage
  }

  /// Runs `body` over ranges of pieces.
  func run(
    in pool: MemoryPool,
    _ body: (_ scratch: UnsafeMutableRawPointer, _ begin: Int64, _ end: Int64) -> Void
  ) throws(DeviceFault) {
    run(in: try room(from: pool), body)
  }

  /// Runs `body` over ranges of pieces, each with its thread's part of a room.
  func run(
    in room: Storage,
    _ body: (_ scratch: UnsafeMutableRawPointer, _ begin: Int64, _ end: Int64) -> Void
  ) { run(in: room.memory, body) }

  /// The same in memory of as many bytes as a room has.
  func run(
    in memory: UnsafeMutableRawPointer,
    _ body: (_ scratch: UnsafeMutableRawPointer, _ begin: Int64, _ end: Int64) -> Void
  ) {
    parallelFor(pieces, grain: grain) { begin, end in
      body(memory + shared + Int(tk_worker_index()) * size, Int64(begin), Int64(end))
    }
  }
}
