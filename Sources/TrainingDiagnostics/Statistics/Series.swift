/// One quantity of a run so far, as analyzers compare a new value with it. Only finite values count.
public struct Series: Sendable {
  /// How many values there were.
  public private(set) var count = 0
  /// How many values in a row, up to the last, were not finite.
  public private(set) var nonFiniteInARow = 0
  /// The first value; NaN before there is one.
  public var first: Double { beginning.first ?? .nan }
  /// Where the series began: the median of the first values, or the first one where that is far from it, as it is when
  /// the first steps throw the loss up, or bring it down at once.
  public var origin: Double { abs(first - start) > 5 * (recent.deviation ?? 0) ? first : start }
  /// The last value and its step.
  public private(set) var last: (step: Int, value: Double)?
  /// The median of the first five values, or of as many as there are.
  public private(set) var start = Double.nan
  /// The highest median of three values in a row, but for the last eight: a rise that goes on has not moved it yet.
  public private(set) var peak = -Double.infinity
  /// The lowest value.
  public private(set) var lowest = Double.infinity
  /// The last 64 values.
  public private(set) var recent = Window(capacity: 64)
  /// The series as a whole.
  public private(set) var levels: Levels
  private var beginning: [Double] = []
  /// The last eight medians of three values in a row, each at its number modulo eight.
  private var middles: [Double] = []

  /// Creates a series without values.
  public init(levels: Levels) { self.levels = levels }

  /// Adds a value, or counts one that is not finite.
  public mutating func append(_ value: Double, at step: Int) {
    guard value.isFinite else {
      nonFiniteInARow += 1
      return
    }
    let middle = middle(with: value)
    // Until there are eight, the first one stands for those before.
    peak = max(peak, count < 8 ? middles.first ?? middle : middles[count % 8])
    if count < 8 { middles.append(middle) } else { middles[count % 8] = middle }
    lowest = min(lowest, value)
    if beginning.count < 5 {
      beginning.append(value)
      start = beginning.median
    }
    recent.append(value)
    levels.append(value, at: step)
    (count, nonFiniteInARow, last) = (count + 1, 0, (step, value))
  }

  /// The median of a new value and the two before it; of fewer, while there are fewer.
  public func middle(with value: Double) -> Double {
    guard let one = recent.value(before: 0) else { return value }
    guard let two = recent.value(before: 1) else { return min(one, value) }
    return max(min(one, two), min(max(one, two), value))
  }

  /// The value of about a step; nil before the first.
  public func value(at step: Int) -> Double? {
    levels.steps.lastIndex { $0 <= step }.map { levels.values[$0] }
  }

  /// What a change at some level is measured by, so that units do not matter.
  ///
  /// It is the level itself where all values are above zero; else, as the zero of such a quantity means nothing, the
  /// range that it has gone through if that is more.
  public func magnitude(of level: Double) -> Double {
    lowest > 0 ? level.magnitude : max(level.magnitude, peak - lowest)
  }

  /// How many times its recent median a value is, counted in magnitudes: 2 is one magnitude above. Nil before `least`
  /// values, or when the values give no measure.
  public func ratio(of value: Double, least: Int = 5) -> Double? {
    guard count >= least, let median = recent.median else { return nil }
    let magnitude = magnitude(of: median)
    return magnitude > 0 ? 1 + (value - median) / magnitude : nil
  }
}
