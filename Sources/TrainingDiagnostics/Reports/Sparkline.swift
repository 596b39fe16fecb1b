/// A curve in the height of a line of text.
public struct Sparkline: Sendable {
  // The highest value of each column, or NaN where a value was not finite.
  private let columns: [Double]
  private let isLogarithmic: Bool

  /// Creates a curve of values, of which each column shows the highest.
  public init(_ values: [Double], columns count: Int = 24) {
    self.init(values.enumerated().map { (Double($0), $1) }, count)
  }

  /// Creates a curve of a quantity over the steps of a record: the loss, unless another one is named. Where steps tell
  /// none, evaluations do.
  public init(_ record: RunRecord, of quantity: Quantity = .loss, columns count: Int = 24) {
    let steps = record.steps
    let series = ([quantity] + Plot.loss.quantities).lazy.map { PlotSeries($0, of: steps) }
    let points = series.first { !$0.points.isEmpty }?.points ?? []
    self.init(points.map { (Double($0.step), $0.value) }, count)
  }

  private init(_ points: [(place: Double, value: Double)], _ count: Int) {
    let count = min(max(count, 1), points.count)
    let (first, last) = (points.map(\.place).min() ?? 0, points.map(\.place).max() ?? 0)
    var highest = [Double?](repeating: nil, count: count)
    for (place, value) in points {
      let share = last > first ? (place - first) / (last - first) : 0
      let column = min(Int(share * Double(count)), count - 1)
      let known = highest[column] ?? -.infinity
      highest[column] = value.isFinite && !known.isNaN ? max(known, value) : .nan
    }
    // A column without values goes on as the one before it.
    columns = highest.reduce(into: []) { $0.append($1 ?? $0.last ?? .nan) }
    let finite = columns.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
    isLogarithmic = low > 0 && high > 20 * low
  }

  private var axis: PlotAxis {
    PlotAxis(showing: columns.filter(\.isFinite), isLogarithmic: isLogarithmic, room: 0)
  }

  /// The curve as characters: blocks of eighths, or marks of ASCII. What is not finite is an exclamation mark.
  public func text(ascii: Bool = false) -> String {
    let levels = Array(ascii ? "_.-=^" : "▁▂▃▄▅▆▇█")
    let axis = axis
    return String(
      columns.map { value in
        guard value.isFinite else { return "!" }
        return levels[Int((axis.share(of: value) * Double(levels.count - 1)).rounded())]
      })
  }

  /// The curve as the path of an SVG picture of this size; what is not finite as dashes at the upper edge.
  func path(width: Double, height: Double) -> String {
    let axis = axis
    let spacing = width / Double(max(1, columns.count - 1))
    var isDown = false
    return columns.enumerated().map { column, value in
      defer { isDown = value.isFinite }
      let x = (Double(column) * spacing).tenths
      guard value.isFinite else { return "M\(x) 1h\((spacing / 2).tenths)" }
      let y = 2 + (1 - axis.share(of: value)) * (height - 4)
      return "\(isDown ? "L" : "M")\(x) \(y.tenths)"
    }.joined()
  }
}

extension Double {
  /// Rounded to a tenth, as is enough for coordinates.
  var tenths: Double { (self * 10).rounded() / 10 }
}
