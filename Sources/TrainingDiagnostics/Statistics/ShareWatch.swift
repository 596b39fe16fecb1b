/// Shares of units by place: what they were at first, and for how long they have been most of them.
struct ShareWatch: Sendable {
  /// The share of each place when it was first seen.
  private(set) var starts: [String: Double] = [:]
  /// How large the inputs of the model looked then.
  private(set) var inputLevel: Double?
  private(set) var streaks = Streaks()

  /// Adds what an examination saw of a place, and returns in how many in a row it was more than half.
  mutating func note(_ share: Double, at place: String, of step: StepRecord) -> Int {
    if starts.isEmpty { inputLevel = step.details?.inputLevel }
    starts[place] = starts[place] ?? share
    return streaks.note(share > 0.5, at: place, of: step)
  }
}
