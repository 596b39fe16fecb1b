/// How far and how lastingly a series has left its best level upwards.
public struct Rise: Sendable, Hashable {
  /// The best level: the lowest median of three in a row.
  public let best: Double
  /// The step of the best level.
  public let step: Int
  /// How far the least of the last levels is above the best.
  public let height: Double
  /// The height over what changes are measured by: see ``Series/magnitude(of:)``.
  public let share: Double
  /// The height over the usual change from one level to the next, up to the rise.
  public let noises: Double
  /// How far the later half of the last levels is above the earlier half; below zero while the series comes back.
  public let climb: Double

  /// The rise over the last `count` levels of a series, of which eight more have to be there.
  public init?(of series: Series, over count: Int = 8) {
    let levels = series.levels.values
    let start = levels.count - count
    guard start >= 8, count >= 2 else { return nil }
    // The first two levels are the way down from the initialization.
    let medians = (2..<start).map { levels[max(0, $0 - 2)...$0].median }
    guard let best = medians.min(), let place = medians.firstIndex(of: best) else { return nil }
    let changes = (3..<start).map { abs(levels[$0] - levels[$0 - 1]) }
    let magnitude = series.magnitude(of: best)
    let noise = max(changes.median, 1e-9 * magnitude, .leastNormalMagnitude)
    let middle = levels.count - count / 2
    self.best = best
    step = series.levels.steps[place + 2]
    height = levels[start...].min()! - best
    share = magnitude > 0 ? height / magnitude : 0
    noises = height / noise
    climb = levels[middle...].median - levels[start..<middle].median
  }
}
