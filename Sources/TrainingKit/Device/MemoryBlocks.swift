internal import CTrainingRuntime

/// Where a pool has its blocks from.
package enum MemorySource: Sendable {
  /// The system.
  case system
  /// Pages that hold zeros and cannot be written, shared by all blocks: for passes on paper.
  case paper
  /// Pages of a file on the disk.
  case file(MemoryFile)
  /// The memory of a GPU.
  case gpu(CUDADevice)

  /// Where the arena has its segments from; nil for the system.
  fileprivate var segments: (any SegmentSource)? {
    switch self {
    case .system, .paper: nil
    case .file(let file): file
    case .gpu(let device): device
    }
  }
  fileprivate var file: MemoryFile? { if case .file(let file) = self { file } else { nil } }
  fileprivate var isGPU: Bool { if case .gpu = self { true } else { false } }
  fileprivate var isPaper: Bool { if case .paper = self { true } else { false } }
  fileprivate var isSystem: Bool { if case .system = self { true } else { false } }
}

/// The blocks of a pool. Addresses are numbers here, as nobody reads what a free block holds.
struct MemoryBlocks: Sendable {
  /// A block in use, or a free place in the table.
  private struct Row {
    var byteCount = 0
    var requested = 0
    var tag = MemoryTag("", owner: .user, module: nil)
    /// The number of requests up to this one; 0 for a free place.
    var request = 0

    var block: TaggedBlock { TaggedBlock(byteCount: byteCount, tag: tag, request: request) }
  }

  private let source: MemorySource
  private var free: [[UInt]] = []
  private var arena: MemoryArena
  private var rows: [Row] = []
  private var freeRows: [Int] = []
  private var paper = (address: UInt(0), byteCount: 0)
  private var oldPaper: [(address: UInt, byteCount: Int)] = []

  var usage = MemoryUsage()
  var limit = Int.max {
    didSet { if usage.live + usage.cached > limit { trim() } }
  }
  var countdown: Int?
  var recorder: MemoryRecorder?

  init(source: MemorySource) {
    self.source = source
    arena = MemoryArena(segments: source.segments)
  }

  mutating func take(_ byteCount: Int, _ tag: MemoryTag) -> (address: UInt, slot: Int)? {
    let size = Self.blockSize(for: byteCount)
    guard !isToFail(), let address = address(size) else { return nil }
    permit(address, byteCount, of: size)
    usage.requests += 1
    let row = Row(byteCount: size, requested: byteCount, tag: tag, request: usage.requests)
    let slot = freeRows.popLast() ?? rows.count
    if slot < rows.count { rows[slot] = row } else { rows.append(row) }
    usage.requested += byteCount
    usage.live += size
    usage.bill[tag.owner] += size
    if usage.live > usage.peak { (usage.peak, usage.peakBill) = (usage.live, usage.bill) }
    countInSegments(size)
    recorder?.begin(slot, row.block)
    return (address, slot)
  }

  mutating func reclaim(_ address: UInt, _ slot: Int) {
    let row = rows[slot]
    let byteCount = row.byteCount
    keep(address, byteCount)
    usage.requested -= row.requested
    usage.live -= byteCount
    usage.bill[row.tag.owner] -= byteCount
    countInSegments(-byteCount)
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

  func tag(ofSlot slot: Int) -> MemoryTag { rows[slot].tag }

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
  /// The bytes of the block that a request gets.
  static func blockSize(for byteCount: Int) -> Int {
    byteCount < MemoryArena.leastBlock
      ? SizeClass(holding: byteCount).byteCount : MemoryArena.blockSize(for: byteCount)
  }

  private mutating func address(_ size: Int) -> UInt? {
    guard usage.live <= limit - size else {
      trim()
      return nil
    }
    if source.isPaper { return sheet(size) }
    if source.file != nil { return segmentPlace(size) }
    if source.isGPU { return gpuPlace(size) }
    return size < MemoryArena.leastBlock ? smallBlock(size) : largeBlock(size)
  }

  private mutating func smallBlock(_ size: Int) -> UInt? {
    let index = SizeClass(holding: size).index
    if index < free.count, let address = free[index].popLast() {
      usage.cached -= size
      return address
    }
    guard makeRoom(size) else { return nil }
    usage.systemAllocations += 1
    if let memory = tk_allocate(size) { return UInt(bitPattern: memory) }
    trim()
    return tk_allocate(size).map { UInt(bitPattern: $0) }
  }

  private mutating func largeBlock(_ size: Int) -> UInt? {
    guard var place = arena.place(for: size) else { return nil }
    if place.fresh > 0 {
      let cached = usage.cached
      guard makeRoom(place.fresh) else { return nil }
      // Places are others when the cache was given back for it.
      if usage.cached < cached { place = arena.place(for: size) ?? place }
      usage.systemAllocations += 1
    }
    usage.cached -= size - place.fresh
    return arena.take(place)
  }

  private mutating func segmentPlace(_ size: Int) -> UInt? {
    arena.place(for: size, within: limit).map { arena.take($0) }
  }

  /// A place among the segments there are, or in one that takes the room of free ones.
  private mutating func gpuPlace(_ size: Int) -> UInt? {
    func place(_ blocks: inout MemoryBlocks) -> UInt? {
      size < MemoryArena.leastBlock ? blocks.smallPlace(size) : blocks.segmentPlace(size)
    }
    if let address = place(&self) { return address }
    trimSegments()
    return place(&self)
  }

  /// A small block of a GPU, whose free ones are not looked for among the places of large ones.
  private mutating func smallPlace(_ size: Int) -> UInt? {
    let index = SizeClass(holding: size).index
    if index < free.count, let address = free[index].popLast() { return address }
    return segmentPlace(size)
  }

  /// Notes that blocks in segments are so many bytes more.
  private mutating func countInSegments(_ byteCount: Int) {
    guard source.segments != nil else { return }
    if source.file != nil { MemoryFile.total.withLock { $0 += byteCount } }
    usage.systemAllocations = arena.segmentCount
    usage.cached = arena.byteCount - usage.live
  }

  /// Whether so many bytes more are within the limit, once the cached ones have been given back if need be.
  private mutating func makeRoom(_ byteCount: Int) -> Bool {
    if usage.live + usage.cached > limit - byteCount { trim() }
    return usage.live + usage.cached <= limit - byteCount
  }

  private mutating func sheet(_ size: Int) -> UInt? {
    if size > paper.byteCount {
      guard let pages = tk_map_zeros(size) else { return nil }
      oldPaper.append(paper)
      paper = (UInt(bitPattern: pages), size)
    }
    return paper.address
  }

  /// Keeps a block for the next.
  private mutating func keep(_ address: UInt, _ size: Int) {
    if source.isPaper { return }
    if source.file != nil || source.isGPU && size >= MemoryArena.leastBlock {
      return arena.give(address, size)
    }
    usage.cached += size
    if size >= MemoryArena.leastBlock {
      tk_forbid(UnsafeMutableRawPointer(bitPattern: address), size)
      arena.give(address, size)
      return
    }
    let index = SizeClass(holding: size).index
    while free.count <= index { free.append([]) }
    free[index].append(address)
  }

  /// Of a large block, what was not asked for stays forbidden.
  private func permit(_ address: UInt, _ requested: Int, of size: Int) {
    guard source.isSystem, size >= MemoryArena.leastBlock else { return }
    tk_permit(UnsafeMutableRawPointer(bitPattern: address), requested)
    tk_forbid(UnsafeMutableRawPointer(bitPattern: address + UInt(requested)), size - requested)
  }

  mutating func trim() {
    if source.isGPU { return trimSegments() }
    guard source.isSystem else { return }
    for index in free.indices {
      let size = SizeClass(index: index).byteCount
      for address in free[index] {
        tk_deallocate(UnsafeMutableRawPointer(bitPattern: address), size)
      }
      free[index] = []
    }
    usage.cached = arena.discard()
  }

  /// Gives the segments back in which nothing is in use.
  private mutating func trimSegments() {
    for index in free.indices {
      free[index].forEach { arena.give($0, SizeClass(index: index).byteCount) }
      free[index] = []
    }
    arena.giveBackFreeSegments()
    usage.cached = arena.byteCount - usage.live
  }

  /// Gives everything back, when nothing is in use any more.
  mutating func close() {
    trim()
    arena.close()
    for (address, byteCount) in oldPaper + [paper] where byteCount > 0 {
      tk_unmap(UnsafeMutableRawPointer(bitPattern: address), byteCount)
    }
  }
}
