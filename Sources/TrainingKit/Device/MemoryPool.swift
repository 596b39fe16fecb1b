/// Recycles blocks of memory by size class, so that a training loop in its steady state takes none from
/// the system, and knows what each block in use is for.
package final class MemoryPool: StorageOwner {
  private let blocks: Monitor<MemoryBlocks>
  /// The folder of the file that the blocks lie in; nil where they lie in memory.
  package let folder: String?
  /// Whose memory the blocks are, as storages say it.
  private let deviceNumber: Int

  package init(source: MemorySource = .system) {
    blocks = Monitor(MemoryBlocks(source: source))
    if case .file(let file) = source { folder = file.folder } else { folder = nil }
    if case .gpu(let device) = source { deviceNumber = device.number } else { deviceNumber = 0 }
  }

  deinit { blocks.withLock { $0.close() } }

  /// Takes a block of at least the given size, or nil when there is none within the limit.
  package func take(byteCount: Int, _ tag: MemoryTag) -> Storage? {
    let taken = blocks.withLock { $0.take(byteCount, tag) }
    guard let taken, let memory = UnsafeMutableRawPointer(bitPattern: taken.address) else {
      return nil
    }
    return Storage(
      memory: memory, byteCount: byteCount, owner: self, slot: taken.slot,
      deviceNumber: deviceNumber)
  }

  /// The bytes of the block that a request gets.
  package static func blockSize(for byteCount: Int) -> Int {
    MemoryBlocks.blockSize(for: byteCount)
  }

  package func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int) {
    let address = UInt(bitPattern: memory)
    blocks.withLock { $0.reclaim(address, slot) }
  }

  /// Notes another use of a block.
  package func charge(slot: Int, to owner: MemoryOwner) {
    blocks.withLock { $0.charge(slot, to: owner) }
  }

  /// What a block was taken for.
  func tag(ofSlot slot: Int) -> MemoryTag { blocks.withLock { $0.tag(ofSlot: slot) } }

  package var usage: MemoryUsage { blocks.withLock { $0.usage } }

  /// The most bytes that may be in use and cached.
  package var limit: Int {
    get { blocks.withLock { $0.limit } }
    set { blocks.withLock { $0.limit = newValue } }
  }

  package func resetPeak() { blocks.withLock { $0.resetPeak() } }

  /// Gives every cached block back to the system.
  package func trim() { blocks.withLock { $0.trim() } }

  /// All blocks in use.
  package var live: [TaggedBlock] { blocks.withLock { $0.live } }

  /// Makes the n-th request from now fail, and no other; for tests.
  package func failRequest(after count: Int?) { blocks.withLock { $0.countdown = count } }

  /// Starts to note every block that is taken or given back.
  package func beginRecording() { blocks.withLock { $0.recorder = MemoryRecorder($0.occupied) } }

  /// Ends that, and gives what was noted.
  package func endRecording() -> MemoryRecorder? {
    blocks.withLock { blocks in
      defer { blocks.recorder = nil }
      return blocks.recorder
    }
  }
}

/// A size that blocks are cut to: multiples of 64 bytes up to 2,048, then 32 a power of two, so that at most 3 % of a
/// larger block is not asked for.
struct SizeClass {
  let index: Int
  let byteCount: Int

  init(holding byteCount: Int) {
    let last = max(byteCount, 1) - 1
    guard last >= Self.fine else {
      self.init(index: last / 64)
      return
    }
    let power = Int.bitWidth - 1 - last.leadingZeroBitCount
    self.init(index: (power - 10) * 32 + (last - (1 << power)) >> (power - 5))
  }

  init(index: Int) {
    self.index = index
    guard index >= 32 else {
      byteCount = (index + 1) * 64
      return
    }
    let power = index / 32 + 10
    byteCount = 1 << power + (index % 32 + 1) << (power - 5)
  }

  private static let fine = 2048
}
