/// Steps from left to right and values from below, as shares of an area of a picture.
struct SVGAxes {
  let area: SVGArea
  let steps: PlotAxis
  let values: PlotAxis

  init(_ area: SVGArea, steps: some Collection<Int>, values: PlotAxis) {
    (self.area, self.values) = (area, values)
    self.steps = PlotAxis(showing: steps.map(Double.init), isLogarithmic: false, room: 0)
  }

  func x(_ step: Int) -> Double {
    (area.left + steps.share(of: Double(step)) * (area.right - area.left)).tenths
  }

  func y(_ value: Double) -> Double {
    (area.bottom - values.share(of: value) * (area.bottom - area.top)).tenths
  }

  /// Lines at values, and the numbers of values and steps.
  func grid(at ticks: [Double], label: (Double) -> String = PlotAxis.label) -> [String] {
    let rows = ticks.map { tick in
      """
      <line class="grid" x1="\(area.left)" x2="\(area.right)" y1="\(y(tick))" y2="\(y(tick))"/>\
      <text class="soft" x="\(area.left - 10)" y="\(y(tick) + 4)" text-anchor="end">\(label(tick))</text>
      """
    }
    let columns = steps.ticks(about: 8).compactMap { Int(exactly: $0) }.map { tick in
      area.label(of: tick, at: x(tick))
    }
    return rows + columns + [area.stepLabel]
  }

  /// The strokes of a curve, which ends and begins anew where a value is not finite.
  func path(_ segment: ArraySlice<PlotSeries.Point>) -> String {
    var isDown = false
    return segment.indices.map { place in
      let point = segment[place]
      defer { isDown = point.value.isFinite }
      guard point.value.isFinite else { return "" }
      let isLast = place + 1 == segment.endIndex || !segment[place + 1].value.isFinite
      // A point without neighbours is a dot.
      let dot = isLast && !isDown ? "h0" : ""
      return "\(isDown ? "L" : "M")\(x(point.step)) \(y(point.value))\(dot)"
    }.joined()
  }
}

/// Where the plot of a picture is.
struct SVGArea {
  var left = 74.0
  var right = 936.0
  var top = 88.0
  var bottom = 408.0

  /// The number of a step, below its place.
  func label(of step: Int, at x: Double) -> String {
    "<text class=\"soft\" x=\"\(x)\" y=\"\(bottom + 24)\" text-anchor=\"middle\">\(step)</text>"
  }

  /// What the numbers below are.
  var stepLabel: String { "<text class=\"soft\" x=\"24\" y=\"\(bottom + 24)\">step</text>" }
}

/// What colours mean, in rows that break where the picture ends.
struct SVGLegend {
  /// The elements.
  private(set) var elements: [String] = []
  /// How many rows there are.
  private(set) var rows = 1
  private var x: Double
  private var y: Double
  private let left: Double

  init(x: Double = 24, y: Double = 58) { (left, self.x, self.y) = (x, x, y) }

  /// Adds a mark of some width, drawn at the place it is given, and the text behind it.
  mutating func add(
    _ text: String, width: Double = 16, _ mark: (_ x: Double, _ y: Double) -> String
  ) {
    // Letters of this size are about 7 wide.
    let length = width + 28 + 7 * Double(text.count)
    if x > left, x + length > 950 { (x, y, rows) = (left, y + 22, rows + 1) }
    elements.append(
      mark(x, y) + "<text class=\"soft\" x=\"\(x + width + 6)\" y=\"\(y)\">\(text.inMarkup)</text>")
    x += length
  }

  /// Adds a patch of a colour, or of a class.
  mutating func add(_ text: String, patch: String) {
    add(text, width: 11) { x, y in
      "<rect \(patch) stroke=\"none\" x=\"\(x)\" y=\"\(y - 10)\" width=\"11\" height=\"11\" rx=\"2\"/>"
    }
  }

  /// Adds a curve of a class.
  mutating func add(_ text: String, curve number: Int) {
    add(text) { x, y in
      "<path class=\"curve c\(number)\" stroke-width=\"3\" d=\"M\(x) \(y - 5)h16\"/>"
    }
  }

  /// The area below it.
  var area: SVGArea {
    let lower = elements.isEmpty ? 0 : 24 + 22 * Double(rows - 1)
    return SVGArea(top: 88 + lower, bottom: 408 + lower)
  }
}
