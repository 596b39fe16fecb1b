/// A curve in the height of a line of text.
public struct Sparkline: Sendable {
  // The highest finite value of each column, or NaN where a value was not finite; nil where there was none at all.
  private let columns: [Double]
  private let isLogarithmic: Bool

  /// Creates a curve of values, of which each column shows the highest.
  public init(_ values: [Double], columns count: Int = 24) {
    let count = min(max(count, 1), values.count)
    columns = (0..<count).map { column in
      let part = values[values.count * column / count..<values.count * (column + 1) / count]
      return part.allSatisfy(\.isFinite) ? part.max() ?? .nan : .nan
    }
    let finite = columns.filter(\.isFinite)
    let (lowest, highest) = (finite.min() ?? 0, finite.max() ?? 0)
    isLogarithmic = lowest > 0 && highest > 20 * lowest
  }

  /// Creates a curve of a record's losses: of the steps where they tell them, else of the evaluations.
  public init(_ record: RunRecord, columns count: Int = 24) {
    let steps = record.steps
    let series = Plot.loss.quantities.lazy.map { quantity in steps.compactMap { $0[quantity] } }
    self.init(series.first { !$0.isEmpty } ?? [], columns: count)
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

  /// The curve as the content of an SVG picture of this size.
  func path(width: Double, height: Double) -> String {
    let axis = axis
    let spacing = width / Double(max(1, columns.count - 1))
    var isDown = false
    return columns.enumerated().map { column, value in
      defer { isDown = value.isFinite }
      guard value.isFinite else { return "" }
      let y = 2 + (1 - axis.share(of: value)) * (height - 4)
      return "\(isDown ? "L" : "M")\((Double(column) * spacing).tenths) \(y.tenths)"
    }.joined()
  }
}

extension Double {
  /// Rounded to a tenth, as is enough for coordinates.
  var tenths: Double { (self * 10).rounded() / 10 }
}
