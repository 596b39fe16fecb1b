/// Numbers the origins that a pass over a graph meets, in the order in which it meets them.
///
/// It is what a dictionary would be, without what makes one safe against chosen keys: a pass asks once for every use of
/// a value, which is as often as it computes anything.
struct OriginTable {
  /// A place holds a number, or −1; a number's origin is in `origins`.
  private var places: [Int32]
  private(set) var origins: [Origin] = []

  init() { places = [Int32](repeating: -1, count: 64) }

  /// The number of an origin that was met.
  func number(of origin: Origin) -> Int? {
    let number = places[place(of: ObjectIdentifier(origin))]
    return number < 0 ? nil : Int(number)
  }

  /// The number of an origin, which is new if it is met for the first time.
  mutating func meet(_ origin: Origin) -> (number: Int, isNew: Bool) {
    let place = place(of: ObjectIdentifier(origin))
    if places[place] >= 0 { return (Int(places[place]), false) }
    places[place] = Int32(origins.count)
    origins.append(origin)
    if origins.count * 2 > places.count { grow() }
    return (origins.count - 1, true)
  }

  private func place(of identity: ObjectIdentifier) -> Int {
    // Objects lie on multiples of 16 bytes; the upper half of a product depends on all bits below.
    let hash = (UInt(bitPattern: identity) >> 4) &* 0x9E37_79B9_7F4A_7C15
    var place = Int(truncatingIfNeeded: hash >> 32) & (places.count - 1)
    while places[place] >= 0, ObjectIdentifier(origins[Int(places[place])]) != identity {
      place = (place + 1) & (places.count - 1)
    }
    return place
  }

  private mutating func grow() {
    places = [Int32](repeating: -1, count: places.count * 2)
    for (number, origin) in origins.enumerated() {
      places[place(of: ObjectIdentifier(origin))] = Int32(number)
    }
  }
}
