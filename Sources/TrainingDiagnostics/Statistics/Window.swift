internal import TrainingKit

/// The last values of a series, with their median and their spread at hand.
///
/// A value costs a search and a move among those in order; the median nothing, the spread one pass.
public struct Window: Sendable {
  /// How many values are kept.
  public let capacity: Int
  private var ring: [Double] = []
  private var oldest = 0
  private var ordered: [Double] = []

  /// Creates an empty window.
  public init(capacity: Int) { self.capacity = max(1, capacity) }

  /// How many values there are.
  public var count: Int { ring.count }

  /// The values in the order they came.
  public var values: [Double] { Array(ring[oldest...] + ring[..<oldest]) }

  /// The value before the next, by how many places: 0 is the last one; nil when there are fewer.
  public func value(before places: Int) -> Double? {
    guard places >= 0, places < ring.count else { return nil }
    let place = oldest + ring.count - 1 - places
    return ring[place % ring.count]
  }

  /// Adds a finite value; others are passed over.
  public mutating func append(_ value: Double) {
    guard value.isFinite else { return }
    guard ring.count == capacity else {
      ring.append(value)
      return ordered.insert(value, at: place(of: value))
    }
    let last = ring[oldest]
    ring[oldest] = value
    oldest = (oldest + 1) % capacity
    if value != last { replace(last, by: value) }
  }

  /// Moves the values between one that leaves and where the new one belongs.
  private mutating func replace(_ old: Double, by new: Double) {
    var hole = place(of: old)
    while hole + 1 < ordered.count, ordered[hole + 1] < new {
      ordered[hole] = ordered[hole + 1]
      hole += 1
    }
    while hole > 0, ordered[hole - 1] > new {
      ordered[hole] = ordered[hole - 1]
      hole -= 1
    }
    ordered[hole] = new
  }

  /// The median; nil when there are no values.
  public var median: Double? { count == 0 ? nil : ordered.sortedMedian }

  /// The least of the values.
  public var minimum: Double? { ordered.first }

  /// The largest of the values.
  public var maximum: Double? { ordered.last }

  /// The standard deviation that a normal distribution of the same median absolute deviation has.
  ///
  /// - Source: Hampel 1974, "The influence curve and its role in robust estimation".
  public var deviation: Double? {
    guard let median else { return nil }
    // The distances grow from the middle outwards on both sides: the smaller next one is taken until half are.
    var (low, high) = (ordered.count / 2 - 1, ordered.count / 2)
    var distance = 0.0
    for _ in 0...(ordered.count / 2) {
      let below = low >= 0 ? median - ordered[low] : .infinity
      let above = high < ordered.count ? ordered[high] - median : .infinity
      guard min(below, above) < .infinity else { break }
      distance = min(below, above)
      if below <= above { low -= 1 } else { high += 1 }
    }
    return 1.4826 * distance
  }

  /// The place of a value in order, or where it belongs.
  private func place(of value: Double) -> Int {
    var (low, high) = (0, ordered.count)
    while low < high {
      let middle = (low + high) / 2
      if ordered[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Collection<Double> {
  /// The median; NaN when there are no values.
  public var median: Double { [Double].median(of: Array(self)) }
}
