internal import CTrainingRuntime

/// Large blocks side by side in reserved addresses, each at the first place where it fits. Free places next to each
/// other are one, so that what a step leaves serves the next, whatever its sizes; and addresses that hold no memory
/// are free to take, so that a lack of memory is never one of places.
package struct MemoryArena: Sendable {
  /// Free addresses; clean ones hold no memory.
  private struct Gap {
    var address: UInt
    var byteCount: Int
    var isClean: Bool

    var end: UInt { address + UInt(byteCount) }
  }

  /// Where a block would be.
  package struct Place {
    fileprivate let gap: Int
    fileprivate let byteCount: Int
    /// The bytes that would have to come from the system.
    package let fresh: Int
  }

  private var gaps: [Gap] = []
  private var segments: [(address: UInt, byteCount: Int)] = []
  private let source: (any SegmentSource)?

  /// In the system's memory, or in segments of another source, where nothing is clean: they are whole from the start.
  package init(segments source: (any SegmentSource)? = nil) { self.source = source }

  /// The bytes of all addresses.
  package var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }
  var segmentCount: Int { segments.count }

  /// Blocks of at least so many bytes have pages of their own.
  package static let leastBlock = 1 << 16
  private static let leastSegment = 1 << 30
  private static let leastSegmentOfSource = 1 << 26
  private static let page = Int(tk_page_size())

  package static func blockSize(for byteCount: Int) -> Int {
    // What overflows is more than there is.
    byteCount > .max - page ? .max : (byteCount + page - 1) / page * page
  }

  /// The first place for a block; nil when the system has no addresses left, or there would be more than the limit.
  package mutating func place(for byteCount: Int, within limit: Int = .max) -> Place? {
    firstPlace(for: byteCount)
      ?? (reserve(byteCount, within: limit) ? firstPlace(for: byteCount) : nil)
  }

  private func firstPlace(for byteCount: Int) -> Place? {
    var (first, sum, fresh) = (0, 0, 0)
    for (position, gap) in gaps.enumerated() {
      if position == 0 || gaps[position - 1].end != gap.address || isSeam(gap.address) {
        (first, sum, fresh) = (position, 0, 0)
      }
      let part = min(gap.byteCount, byteCount - sum)
      sum += part
      if gap.isClean { fresh += part }
      if sum == byteCount { return Place(gap: first, byteCount: byteCount, fresh: fresh) }
    }
    return nil
  }

  /// Whether no block may reach over an address, because another segment begins there.
  private func isSeam(_ address: UInt) -> Bool {
    source?.isApart == true && segments.contains { $0.address == address }
  }

  private mutating func reserve(_ byteCount: Int, within limit: Int) -> Bool {
    let least = Self.blockSize(for: byteCount)
    let usual = source == nil ? max(Self.leastSegment, self.byteCount) : Self.leastSegmentOfSource
    var size = max(least, usual)
    while true {
      if self.byteCount <= limit - size, let address = pages(size) {
        segments.append((address, size))
        insert(Gap(address: address, byteCount: size, isClean: source == nil))
        return true
      }
      if size == least { return false }
      size = max(least, size / 2 / Self.page * Self.page)
    }
  }

  private func pages(_ byteCount: Int) -> UInt? {
    if let source { return source.map(byteCount) }
    return tk_reserve(byteCount).map { UInt(bitPattern: $0) }
  }

  /// Takes a place.
  package mutating func take(_ place: Place) -> UInt {
    let address = gaps[place.gap].address
    var (left, end) = (place.byteCount, place.gap)
    while left > 0, gaps[end].byteCount <= left {
      left -= gaps[end].byteCount
      end += 1
    }
    if left > 0 {
      gaps[end].address += UInt(left)
      gaps[end].byteCount -= left
    }
    gaps.removeSubrange(place.gap..<end)
    return address
  }

  /// Gives a block back. Its memory stays.
  package mutating func give(_ address: UInt, _ byteCount: Int) {
    insert(Gap(address: address, byteCount: byteCount, isClean: false))
  }

  private mutating func insert(_ gap: Gap) {
    var position = gaps.partitioningIndex { $0.address > gap.address }
    gaps.insert(gap, at: position)
    joinNext(position)
    if position > 0 {
      position -= 1
      joinNext(position)
    }
  }

  /// Makes a gap and the next one gap where nothing parts them.
  private mutating func joinNext(_ position: Int) {
    guard position + 1 < gaps.count, gaps[position].end == gaps[position + 1].address,
      gaps[position].isClean == gaps[position + 1].isClean, !isSeam(gaps[position + 1].address)
    else { return }
    gaps[position].byteCount += gaps[position + 1].byteCount
    gaps.remove(at: position + 1)
  }

  /// Gives the memory of all gaps back to the system. Returns the bytes that it would not take.
  package mutating func discard() -> Int {
    let old = gaps
    gaps = []
    for var gap in old {
      if !gap.isClean {
        gap.isClean = tk_discard(UnsafeMutableRawPointer(bitPattern: gap.address), gap.byteCount)
      }
      insert(gap)
    }
    return gaps.reduce(0) { $0 + ($1.isClean ? 0 : $1.byteCount) }
  }

  /// Gives the segments back that are one gap each.
  mutating func giveBackFreeSegments() {
    for (address, byteCount) in segments {
      let position = gaps.partitioningIndex { $0.end >= address + UInt(byteCount) }
      guard position < gaps.count, gaps[position].address <= address else { continue }
      let gap = gaps.remove(at: position)
      let parts = [(gap.address, address), (address + UInt(byteCount), gap.end)]
      for (begin, end) in parts where end > begin {
        insert(Gap(address: begin, byteCount: Int(end - begin), isClean: false))
      }
      segments.removeAll { $0.address == address }
      unmap(address, byteCount)
    }
  }

  /// Gives all addresses back, when nothing is in use any more.
  package mutating func close() {
    for (address, byteCount) in segments { unmap(address, byteCount) }
    (gaps, segments) = ([], [])
  }

  private func unmap(_ address: UInt, _ byteCount: Int) {
    if let source { return source.unmap(address, byteCount) }
    tk_unmap(UnsafeMutableRawPointer(bitPattern: address), byteCount)
  }
}

/// What an arena has its segments from, in place of the system.
package protocol SegmentSource: Sendable {
  /// Whether a block has to lie in one segment, also where another begins right behind it.
  var isApart: Bool { get }
  /// Fresh memory; nil when there is none.
  func map(_ byteCount: Int) -> UInt?
  /// Takes a segment back.
  func unmap(_ address: UInt, _ byteCount: Int)
}
