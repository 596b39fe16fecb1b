/// How often in a row something held, by place.
struct Streaks: Sendable {
  private var counts: [String: Int] = [:]

  /// Adds an examination of a place, and returns how often in a row it held there.
  mutating func note(_ holds: Bool, at place: String) -> Int {
    let count = holds ? counts[place, default: 0] + 1 : 0
    counts[place] = count
    return count
  }
}
