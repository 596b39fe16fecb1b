/// How often in a row something held, by place.
struct Streaks: Sendable {
  private var counts: [String: Int] = [:]
  private var firsts: [String: Int] = [:]

  /// Adds an examination of a place, and returns how often in a row it held there.
  mutating func note(_ holds: Bool, at place: String, of step: StepRecord) -> Int {
    let count = holds ? counts[place, default: 0] + 1 : 0
    counts[place] = count
    if count <= 1 { firsts[place] = holds ? step.step : nil }
    return count
  }

  /// The step since which it has held at one of the places; nil where it does at none.
  func began(_ places: String...) -> Int? { began(places) }

  /// The same of a list.
  func began(_ places: [String]) -> Int? { places.compactMap { firsts[$0] }.min() }
}
