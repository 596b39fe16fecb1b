/// Notes when blocks are taken and given back.
package struct MemoryRecorder: Sendable {
  /// A block and the times of its use, counted in events.
  package struct Entry: Sendable {
    package let block: TaggedBlock
    package let start: Int
    package var end: Int?
  }

  package private(set) var entries: [Entry] = []
  /// The number of events so far.
  package private(set) var now = 0
  private var entryOfSlot: [Int: Int] = [:]

  init(_ occupied: [(slot: Int, block: TaggedBlock)]) {
    for (slot, block) in occupied { begin(slot, block) }
    now = 0
    entries = entries.map { Entry(block: $0.block, start: 0) }
  }

  mutating func begin(_ slot: Int, _ block: TaggedBlock) {
    now += 1
    entryOfSlot[slot] = entries.count
    entries.append(Entry(block: block, start: now))
  }

  mutating func end(_ slot: Int) {
    now += 1
    guard let entry = entryOfSlot.removeValue(forKey: slot) else { return }
    entries[entry].end = now
  }
}
