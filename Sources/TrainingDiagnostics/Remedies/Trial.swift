/// What became of a run that was taken from an earlier state along the same items once more, with one thing changed.
public struct Trial: Sendable, Hashable, Codable {
  /// What was changed; nil for the control, which is the run as it was.
  public let remedy: Remedy?
  /// The steps it was taken along.
  public let steps: Int
  /// The loss in evaluation over items that were held, at its start and at its end; infinite where it is not finite, or
  /// the run could not go on.
  public let lossBefore, lossAfter: Double

  /// Whether the loss has come out clearly below another's.
  func isBetter(than other: Trial) -> Bool {
    guard lossAfter.isFinite else { return false }
    guard other.lossAfter.isFinite else { return lossAfter < lossBefore + 0.05 * abs(lossBefore) }
    let distance = other.lossAfter - lossAfter
    return distance > 0.02 * max(abs(other.lossAfter), abs(lossAfter))
  }
}

extension Trial: CustomStringConvertible {
  /// One line: what was changed, and what it led to.
  public var description: String {
    let change = remedy.map { "\($0)" } ?? "as it was"
    return "\(change): loss \(lossBefore.shortened) to \(lossAfter.shortened) in \(steps) steps"
  }
}
