internal import CTrainingRuntime

/// What a device's memory pool holds, in bytes.
public struct MemoryUsage: Sendable, Hashable {
  /// Bytes in use by tensors.
  public var live = 0
  /// Bytes kept for the next tensors.
  public var cached = 0
  /// The most bytes that were in use at one time since the last reset.
  public var peak = 0
  /// How often memory was taken from the system.
  public var systemAllocations = 0
}

/// Recycles blocks of memory by size class, so that a training loop in its steady state takes none from
/// the system.
package final class MemoryPool: StorageOwner {
  private let blocks = Monitor(Blocks())

  package init() {}

  /// Takes a block of at least the given size, or nil when the system has none.
  package func take(byteCount: Int) -> Storage? {
    let sizeClass = SizeClass(holding: byteCount)
    let address = blocks.withLock { $0.take(sizeClass) }
    guard let address, let memory = UnsafeMutableRawPointer(bitPattern: address) else { return nil }
    return Storage(memory: memory, byteCount: byteCount, owner: self)
  }

  package func reclaim(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    let address = UInt(bitPattern: memory)
    blocks.withLock { $0.reclaim(address, SizeClass(holding: byteCount)) }
  }

  package var usage: MemoryUsage { blocks.withLock { $0.usage } }

  package func resetPeak() { blocks.withLock { $0.usage.peak = $0.usage.live } }

  /// Gives every cached block back to the system.
  package func trim() { blocks.withLock { $0.trim() } }
}

/// A size that blocks are cut to: four a power of two, from 64 bytes.
private struct SizeClass {
  let index: Int
  let byteCount: Int

  init(holding byteCount: Int) {
    let last = max(byteCount, 64) - 1
    let power = Int.bitWidth - 1 - last.leadingZeroBitCount
    guard byteCount > 64 else {
      self.init(index: 0)
      return
    }
    self.init(index: (power - 6) * 4 + ((last - (1 << power)) >> (power - 2)) + 1)
  }

  init(index: Int) {
    self.index = index
    let power = index / 4 + 6
    byteCount = (1 << power) + (index % 4) << (power - 2)
  }
}

/// The blocks of a pool. Addresses are numbers here, as nobody reads what a free block holds.
private struct Blocks: Sendable {
  private var free: [[UInt]] = []
  var usage = MemoryUsage()

  mutating func take(_ sizeClass: SizeClass) -> UInt? {
    guard let address = recycled(sizeClass) ?? fresh(sizeClass.byteCount) else { return nil }
    usage.live += sizeClass.byteCount
    usage.peak = max(usage.peak, usage.live)
    return address
  }

  private mutating func recycled(_ sizeClass: SizeClass) -> UInt? {
    guard sizeClass.index < free.count, let address = free[sizeClass.index].popLast() else {
      return nil
    }
    usage.cached -= sizeClass.byteCount
    return address
  }

  private mutating func fresh(_ byteCount: Int) -> UInt? {
    usage.systemAllocations += 1
    if let memory = tk_allocate(byteCount) { return UInt(bitPattern: memory) }
    trim()
    return tk_allocate(byteCount).map { UInt(bitPattern: $0) }
  }

  mutating func reclaim(_ address: UInt, _ sizeClass: SizeClass) {
    while free.count <= sizeClass.index { free.append([]) }
    free[sizeClass.index].append(address)
    usage.live -= sizeClass.byteCount
    usage.cached += sizeClass.byteCount
  }

  mutating func trim() {
    for index in free.indices {
      let byteCount = SizeClass(index: index).byteCount
      for address in free[index] {
        tk_deallocate(UnsafeMutableRawPointer(bitPattern: address), byteCount)
      }
      usage.cached -= byteCount * free[index].count
      free[index] = []
    }
  }
}
