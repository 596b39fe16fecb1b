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

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    entries = try values.decode([Entry].self, forKey: .entries)
    stride = try values.decode(Int.self, forKey: .stride)
    seen = try values.decode(Int.self, forKey: .seen)
    capacity = try values.decode(Int.self, forKey: .capacity)
    guard capacity > 1, entries.count <= capacity, stride > 0, seen >= entries.count else {
      throw DecodingError.dataCorruptedError(
        forKey: .entries, in: values,
        debugDescription: "RunRecord: expected at most \(capacity) thinned steps of \(seen), got "
          + "\(entries.count) at a stride of \(stride)")
    }
  }

  /// Adds an entry, which is made where it is kept.
  mutating func append(_ entry: @autoclosure () -> Entry) {
    defer { seen += 1 }
    guard seen % stride == 0 else { return }
    if entries.count == capacity {
      entries = entries.indices.filter { $0 % 2 == 0 }.map { entries[$0] }
      stride *= 2
      guard seen % stride == 0 else { return }
    }
    entries.append(entry())
  }
}
