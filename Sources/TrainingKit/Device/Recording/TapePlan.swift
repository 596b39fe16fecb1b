/// Where blocks lie in one room when it is known from when to when each is in use: each at the first place where it
/// fits.
struct TapePlan {
  private struct Gap {
    var offset, byteCount: Int
    var end: Int { offset + byteCount }
  }

  private var gaps: [Gap] = []
  /// The bytes of the room.
  private(set) var byteCount = 0

  /// The offset of each block that is in use from its first call to its last.
  mutating func offsets(of blocks: [(first: Int, last: Int, byteCount: Int)]) -> [Int] {
    var offsets = [Int](repeating: 0, count: blocks.count)
    let order = blocks.indices.sorted { blocks[$0].first < blocks[$1].first }
    var ends = blocks.indices.sorted { blocks[$0].last < blocks[$1].last }[...]
    for block in order {
      while let done = ends.first, blocks[done].last < blocks[block].first {
        give(Gap(offset: offsets[done], byteCount: Self.size(blocks[done].byteCount)))
        ends.removeFirst()
      }
      offsets[block] = take(Self.size(blocks[block].byteCount))
    }
    return offsets
  }

  /// The bytes that a block takes.
  static func size(_ byteCount: Int) -> Int { (max(byteCount, 1) + 63) / 64 * 64 }

  private mutating func take(_ size: Int) -> Int {
    if let position = gaps.firstIndex(where: { $0.byteCount >= size }) {
      let offset = gaps[position].offset
      gaps[position].offset += size
      gaps[position].byteCount -= size
      if gaps[position].byteCount == 0 { gaps.remove(at: position) }
      return offset
    }
    // The room grows behind what is free at its end.
    let last = gaps.last.flatMap { $0.end == byteCount ? $0 : nil }
    if last != nil { gaps.removeLast() }
    let offset = last?.offset ?? byteCount
    byteCount = offset + size
    return offset
  }

  private mutating func give(_ gap: Gap) {
    let position = gaps.partitioningIndex { $0.offset > gap.offset }
    gaps.insert(gap, at: position)
    if position + 1 < gaps.count, gaps[position].end == gaps[position + 1].offset {
      gaps[position].byteCount += gaps.remove(at: position + 1).byteCount
    }
    if position > 0, gaps[position - 1].end == gaps[position].offset {
      gaps[position - 1].byteCount += gaps.remove(at: position).byteCount
    }
  }
}
