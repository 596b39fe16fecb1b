/// Waits for five losses behind an event and compares them with the level before it.
public struct LevelWatch: Sendable {
  /// What became of the level.
  public struct Change: Sendable, Hashable {
    /// The step of the event.
    public let step: Int
    /// The median of the last 64 losses before, and of the five behind.
    public let before, after: Double
    /// Whether the level rose or fell by more than five deviations and 15 %.
    public let isAbove, isBelow: Bool
  }

  private let step: Int
  private let level, least: Double
  private var losses: [Double] = []

  /// Begins to wait at a step; nil before there are 16 losses.
  public init?(at step: Int, _ series: Series) {
    guard series.count >= 16, let level = series.recent.median,
      let deviation = series.recent.deviation
    else { return nil }
    (self.step, self.level) = (step, level)
    least = max(5 * deviation, 0.15 * series.magnitude(of: level))
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
