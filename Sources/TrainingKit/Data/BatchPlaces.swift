/// Where the examples of a batch stand in a run: what random draws in it depend on, and neither thread nor worker.
struct BatchPlaces: Sendable {
  private let key: UInt64
  /// The places of the examples in the order of the epoch.
  private let places: [Int]

  init(seed: UInt64, epoch: Int, places: Range<Int>) {
    self.init(key: BatchPlaces.mixed(BatchPlaces.mixed(seed, 0), epoch), Array(places))
  }

  private init(key: UInt64, _ places: [Int]) { (self.key, self.places) = (key, places) }

  /// The places that a loader has set, or else ones that the current generator determines.
  static func current(for positions: [Int]) -> BatchPlaces {
    if let places = Context.current.scoped(BatchPlaces.self) { return places }
    let seed = RandomGenerator.current.integers([], in: 0..<Int(1 << 53)).item()
    return BatchPlaces(seed: UInt64(seed), epoch: 0, places: positions.indices)
  }

  /// The same places with other draws, for what stands below.
  var below: BatchPlaces { BatchPlaces(key: BatchPlaces.mixed(key, -1), places) }

  /// The places of some rows of the batch, with draws of their own.
  func selecting(_ rows: [Int], branch: Int) -> BatchPlaces {
    BatchPlaces(key: BatchPlaces.mixed(key, ~branch &- 1), rows.map(place))
  }

  /// What the whole batch draws from.
  func generator(for positions: [Int]) -> RandomGenerator {
    let seed = positions.indices.reduce(key) { key, row in
      BatchPlaces.mixed(BatchPlaces.mixed(key, place(row)), positions[row])
    }
    return RandomGenerator(seed: seed)
  }

  /// What the example in a row draws from, whatever else is in the batch.
  func generator(for position: Int, row: Int) -> RandomGenerator {
    RandomGenerator(seed: BatchPlaces.mixed(BatchPlaces.mixed(key, place(row)), position))
  }

  // A dataset of the user's may ask the one below for more examples than the loader asked for.
  private func place(_ row: Int) -> Int { row < places.count ? places[row] : ~row }

  /// A key that both parts determine.
  ///
  /// - Source: the finalizer of SplitMix64, Steele et al. 2014.
  private static func mixed(_ key: UInt64, _ value: Int) -> UInt64 {
    var bits = (key ^ UInt64(bitPattern: Int64(value))) &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
