/// A whole series in at most so many levels: means of equal stretches, which grow as the series does.
///
/// A stretch consists of units, each the median of a few values, so that single outliers do not count.
public struct Levels: Sendable {
  /// The level of each stretch that is complete, oldest first.
  public private(set) var values: [Double] = []
  /// The step at which each stretch ended.
  public private(set) var steps: [Int] = []
  /// How many levels were ever complete.
  public private(set) var completed = 0
  private let unit: Int
  private let capacity: Int
  private var unitsPerLevel = 1
  private var open: [Double] = []
  private var units = 0
  private var mean = 0.0

  /// Creates levels without values.
  ///
  /// - Parameters:
  ///   - unit: of how many values the median is taken.
  ///   - capacity: how many levels there are at most; even.
  public init(unit: Int, capacity: Int) {
    self.unit = max(1, unit)
    self.capacity = max(2, capacity + capacity % 2)
  }

  /// How many values make a level by now.
  public var valuesPerLevel: Int { unit * unitsPerLevel }

  /// Adds a value.
  public mutating func append(_ value: Double, at step: Int) {
    var median = value
    if unit > 1 {
      open.append(value)
      guard open.count == unit else { return }
      median = open.median
      open.removeAll(keepingCapacity: true)
    }
    units += 1
    mean += (median - mean) / Double(units)
    guard units == unitsPerLevel else { return }
    values.append(mean)
    steps.append(step)
    (units, mean, completed) = (0, 0, completed + 1)
    if values.count == capacity { halve() }
  }

  private mutating func halve() {
    let pairs = stride(from: 0, to: capacity, by: 2)
    values = pairs.map { values[$0] / 2 + values[$0 + 1] / 2 }
    steps = pairs.map { steps[$0 + 1] }
    unitsPerLevel *= 2
  }
}
