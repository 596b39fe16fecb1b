internal import CTrainingRuntime

/// Where a pool has its blocks from.
package enum MemorySource: Sendable {
  /// The system.
  case system
  /// Pages that hold zeros and cannot be written, shared by all blocks: for passes on paper.
  case paper
}

/// The blocks of a pool. Addresses are numbers here, as nobody reads what a free block holds.
struct MemoryBlocks: Sendable {
  /// A block in use, or a free place in the table.
  private struct Row {
    var sizeClass = 0
    var requested = 0
    var tag = MemoryTag("", owner: .user, module: nil)
    /// The number of requests up to this one; 0 for a free place.
    var request = 0

    var byteCount: Int { SizeClass(index: sizeClass).byteCount }
    var block: TaggedBlock { TaggedBlock(byteCount: byteCount, tag: tag, request: request) }
  }

  private let source: MemorySource
  private var free: [[UInt]] = []
  private var rows: [Row] = []
  private var freeRows: [Int] = []
  private var paper = (address: UInt(0), byteCount: 0)
  private var oldPaper: [(address: UInt, byteCount: Int)] = []

  var usage = MemoryUsage()
  var limit = Int.max
  var countdown: Int?
  var recorder: MemoryRecorder?

  init(source: MemorySource) { self.source = source }

  mutating func take(_ byteCount: Int, _ tag: MemoryTag) -> (address: UInt, slot: Int)? {
    let sizeClass = SizeClass(holding: byteCount)
    guard !isToFail(), let address = recycled(sizeClass) ?? fresh(sizeClass.byteCount) else {
      return nil
    }
    usage.requests += 1
    let row = Row(
      sizeClass: sizeClass.index, requested: byteCount, tag: tag, request: usage.requests)
    let slot = freeRows.popLast() ?? rows.count
    if slot < rows.count { rows[slot] = row } else { rows.append(row) }
    usage.requested += byteCount
    usage.live += sizeClass.byteCount
    usage.bill[tag.owner] += sizeClass.byteCount
    if usage.live > usage.peak { (usage.peak, usage.peakBill) = (usage.live, usage.bill) }
    recorder?.begin(slot, row.block)
    return (address, slot)
  }

  mutating func reclaim(_ address: UInt, _ slot: Int) {
    let row = rows[slot]
    let byteCount = row.byteCount
    while free.count <= row.sizeClass { free.append([]) }
    free[row.sizeClass].append(address)
    usage.requested -= row.requested
    usage.live -= byteCount
    usage.cached += byteCount
    usage.bill[row.tag.owner] -= byteCount
    rows[slot] = Row()
    freeRows.append(slot)
    recorder?.end(slot)
  }

  mutating func charge(_ slot: Int, to owner: MemoryOwner) {
    let (row, byteCount) = (rows[slot], rows[slot].byteCount)
    guard row.tag.owner != owner else { return }
    usage.bill[row.tag.owner] -= byteCount
    usage.bill[owner] += byteCount
    rows[slot].tag.owner = owner
    recorder?.end(slot)
    recorder?.begin(slot, rows[slot].block)
  }

  mutating func resetPeak() { (usage.peak, usage.peakBill) = (usage.live, usage.bill) }

  /// The rows in use.
  var occupied: [(slot: Int, block: TaggedBlock)] {
    rows.indices.filter { rows[$0].request > 0 }.map { ($0, rows[$0].block) }
  }

  var live: [TaggedBlock] { occupied.map(\.block) }

  private mutating func isToFail() -> Bool {
    guard let left = countdown else { return false }
    countdown = left > 1 ? left - 1 : nil
    return left == 1
  }
}

/// Memory to and from the source.
extension MemoryBlocks {
  private mutating func recycled(_ sizeClass: SizeClass) -> UInt? {
    guard sizeClass.index < free.count, let address = free[sizeClass.index].popLast() else {
      return nil
    }
    usage.cached -= sizeClass.byteCount
    return address
  }

  /// A new block. When there is none within the limit, the cached ones are given back first.
  private mutating func fresh(_ byteCount: Int) -> UInt? {
    if usage.live + usage.cached > limit - byteCount { trim() }
    guard usage.live <= limit - byteCount else { return nil }
    usage.systemAllocations += 1
    if let address = obtained(byteCount) { return address }
    trim()
    return obtained(byteCount)
  }

  private mutating func obtained(_ byteCount: Int) -> UInt? {
    if case .system = source { return tk_allocate(byteCount).map { UInt(bitPattern: $0) } }
    if byteCount > paper.byteCount {
      guard let pages = tk_map_zeros(byteCount) else { return nil }
      oldPaper.append(paper)
      paper = (UInt(bitPattern: pages), byteCount)
    }
    return paper.address
  }

  mutating func trim() {
    for index in free.indices {
      let byteCount = SizeClass(index: index).byteCount
      for address in free[index] where source == .system {
        tk_deallocate(UnsafeMutableRawPointer(bitPattern: address), byteCount)
      }
      usage.cached -= byteCount * free[index].count
      free[index] = []
    }
  }

  /// Gives everything back, when nothing is in use any more.
  mutating func close() {
    trim()
    for (address, byteCount) in oldPaper + [paper] where byteCount > 0 {
      tk_unmap_zeros(UnsafeMutableRawPointer(bitPattern: address), byteCount)
    }
  }
}
