/// Waits for five losses behind an event and compares them with the level before it.
public struct LevelWatch: Sendable {
  /// What became of the level.
  public struct Change: Sendable, Hashable {
    /// The step of the event.
    public let step: Int
    /// The median of the last 64 losses before, and of the five behind.
    public let before, after: Double
    /// Whether the level rose or fell by more than was allowed.
    public let isAbove, isBelow: Bool
  }

  private let step: Int
  private let level, least: Double
  private var losses: [Double] = []

  /// Begins to wait at a step; nil before there are 16 losses.
  ///
  /// - Parameters:
  ///   - deviations: how many deviations the level may move.
  ///   - share: the share of itself that it may move, whatever its deviation.
  public init?(at step: Int, _ series: Series, deviations: Double = 5, share: Double = 0.15) {
    guard series.count >= 16, let level = series.recent.median,
      let deviation = series.recent.deviation
    else { return nil }
    (self.step, self.level) = (step, level)
    least = max(deviations * deviation, share * series.magnitude(of: level))
  }

  /// Takes the loss of the next step; the change, once there are five.
  public mutating func change(with loss: Double?) -> Change? {
    if let loss, loss.isFinite { losses.append(loss) }
    guard losses.count == 5 else { return nil }
    let after = losses.median
    return Change(
      step: step, before: level, after: after, isAbove: after - level > least,
      isBelow: level - after > least)
  }
}
