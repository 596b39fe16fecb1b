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
    return places.updateValue(place, forKey: batch.fingerprint).map { place - $0 }
  }
}

extension BatchIdentity {
  /// A number that hardly any other batch has. The hash of the standard library withstands those who want collisions,
  /// and takes several times as long.
  fileprivate var fingerprint: Int {
    guard case .examples(let places) = self else { return hashValue }
    return places.reduce(places.count) { mixed, place in
      let product = (mixed ^ place).multipliedFullWidth(by: 0x2545_F491_4F6C_DD1D)
      return product.high ^ Int(bitPattern: product.low)
    }
  }
}
