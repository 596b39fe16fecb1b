/// Records at a rate that halves whenever they would become too many.
struct ThinnedRecords: Sendable, Hashable, Codable {
  /// A record and its place among all that were ever appended.
  struct Entry: Sendable, Hashable, Codable {
    let place: Int
    let record: StepRecord
  }

  private(set) var entries: [Entry] = []
  private var stride = 1
  private var seen = 0
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  mutating func append(_ entry: Entry) {
    defer { seen += 1 }
    guard seen % stride == 0 else { return }
    if entries.count == capacity {
      entries = entries.indices.filter { $0 % 2 == 0 }.map { entries[$0] }
      stride *= 2
      guard seen % stride == 0 else { return }
    }
    entries.append(entry)
  }
}
