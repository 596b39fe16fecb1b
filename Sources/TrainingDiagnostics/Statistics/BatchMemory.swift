/// How long ago each batch was seen, of the last ones.
struct BatchMemory: Sendable {
  private var places: [Int: Int] = [:]
  private var place = 0

  /// How many batches are remembered, give or take a factor of two.
  private static var capacity: Int { 1 << 14 }

  /// Adds the batch of a step, and returns how many steps ago it was seen last; nil of one that is new.
  mutating func note(_ batch: BatchIdentity) -> Int? {
    defer { place += 1 }
    if places.count > 2 * Self.capacity {
      places = places.filter { place - $0.value <= Self.capacity }
    }
    return places.updateValue(place, forKey: batch.hashValue).map { place - $0 }
  }
}
