/// The gradients of parameters over steps, as colours: a row each, and a column for each step that was looked at.
struct SVGHeatMap: SVGDrawing {
  private static let shades = 64

  private let grid: ParameterGrid
  private let heat: HeatScale
  private let legend: SVGLegend
  private let area: SVGArea
  private let labels: [String]
  private let flags: SVGFlags

  init(grid: ParameterGrid, flags: SVGFlags) {
    (self.grid, self.flags, heat) = (grid, flags, grid.heat)
    legend = Self.legend(grid, heat)
    labels = grid.rows.map { $0.path.shortened(to: 38) }
    var area = legend.area
    area.left = 44 + 6.4 * Double(max(8, labels.map(\.count).max() ?? 0))
    // Whole pixels, so that there is nothing between rows.
    let height = (min(max(440 / Double(grid.rows.count), 11), 22)).rounded()
    area.bottom = area.top + Double(grid.rows.count) * height
    self.area = area
  }

  var summary: String { "root mean square, \(grid.summary)" }
  var bottom: Double { area.bottom }

  private var width: Double { (area.right - area.left) / Double(grid.steps.count) }
  private var height: Double { (area.bottom - area.top) / Double(grid.rows.count) }

  /// What colours a cell.
  private enum Fill: Hashable {
    case shade(Int)
    case zero, lost, missing
  }

  private func fill(of value: Double?) -> Fill {
    guard let value else { return .missing }
    guard value.isFinite else { return .lost }
    if value == 0 { return .zero }
    return .shade(Int((heat.share(of: value) * Double(Self.shades - 1)).rounded()))
  }

  private static func legend(_ grid: ParameterGrid, _ heat: HeatScale) -> SVGLegend {
    var legend = SVGLegend()
    if let ends = heat.ends {
      let range = [ends.lowest, ends.highest].map(PlotAxis.label).joined(separator: " to ")
      legend.add("rms \(range)", width: 84) { x, y in
        (0..<28).map { part in
          let color = Palette.mixed(Palette.heat, at: Double(part) / 27)
          return
            "<path stroke=\"\(color)\" stroke-width=\"9\" d=\"M\(x + 3 * Double(part)) \(y - 5)h3\"/>"
        }.joined()
      }
    }
    let values = grid.rows.flatMap(\.values)
    if values.contains(0) { legend.add("all zero", patch: "class=\"zero\"") }
    if values.contains(where: { $0 == nil }) {
      legend.add("no gradient", width: 11) { x, y in
        "<circle class=\"faint\" cx=\"\(x + 5.5)\" cy=\"\(y - 4.5)\" r=\"1.4\"/>"
      }
    }
    if values.contains(where: { $0?.isFinite == false }) {
      legend.add("NaN or infinite", patch: "class=\"fault\"")
    }
    return legend
  }

  /// Where a step's column is: that of the look that was nearest to it.
  private func x(_ step: Int) -> Double {
    let distances = grid.steps.map { (Double($0) - Double(step)).magnitude }
    let column = distances.indices.min { distances[$0] < distances[$1] } ?? 0
    return (area.left + (Double(column) + 0.5) * width).tenths
  }

  var elements: [String] {
    let flags = flags.elements(in: area, x: x)
    return cells + names + numbers + flags.lines + flags.marks + legend.elements
  }

  /// The cells of a colour as one path, as a cell each would make the file large.
  private var cells: [String] {
    var strokes: [Fill: String] = [:]
    var crosses = ""
    for (number, row) in grid.rows.enumerated() {
      let y = (area.top + (Double(number) + 0.5) * height).tenths
      for (column, value) in row.values.enumerated() {
        let fill = fill(of: value)
        // Each column begins where the one before it ends, after rounding too.
        let (start, end) = (edge(column), edge(column + 1) - gap)
        let middle = (start + end) / 2
        strokes[fill, default: ""] +=
          fill == .missing
          ? "M\((middle - 1).tenths) \(y)h2" : "M\(start) \(y)h\((end - start).tenths)"
        if fill == .lost, width > 6 { crosses += cross(middle, y) }
      }
    }
    let paths = strokes.sorted { $0.value < $1.value }.map { path($0.key, $0.value) }
    return ["<g shape-rendering=\"crispEdges\">"] + paths
      + ["</g>", "<path class=\"cross\" stroke-width=\"1.4\" d=\"\(crosses)\"/>"]
  }

  /// Where a column begins.
  private func edge(_ column: Int) -> Double { (area.left + Double(column) * width).tenths }

  /// What is left free between cells that are large enough.
  private var gap: Double { min(width, height) > 5 ? 1 : 0 }

  private func path(_ fill: Fill, _ strokes: String) -> String {
    let (look, size) =
      switch fill {
      case .shade(let shade):
        (
          "stroke=\"\(Palette.mixed(Palette.heat, at: Double(shade) / Double(Self.shades - 1)))\"",
          height - gap
        )
      case .zero: ("class=\"zero\"", height - gap)
      case .lost: ("class=\"fault\"", height - gap)
      case .missing: ("class=\"faint\"", 2)
      }
    return "<path \(look) stroke-width=\"\(size.tenths)\" d=\"\(strokes)\"/>"
  }

  private func cross(_ x: Double, _ y: Double) -> String {
    let reach = min(width, height) * 0.22
    let (left, right) = ((x - reach).tenths, (x + reach).tenths)
    let (top, bottom) = ((y - reach).tenths, (y + reach).tenths)
    return "M\(left) \(top)L\(right) \(bottom)M\(left) \(bottom)L\(right) \(top)"
  }

  private var names: [String] {
    let size = height < 13 ? 10 : 11.5
    let names = labels.enumerated().map { number, label in
      let y = (area.top + (Double(number) + 0.5) * height + size * 0.35).tenths
      return "<text class=\"soft\" x=\"\(area.left - 8)\" y=\"\(y)\" text-anchor=\"end\" "
        + "font-size=\"\(size)\">\(label.inMarkup)</text>"
    }
    guard grid.matrices > 0, grid.matrices < grid.rows.count else { return names }
    // Between matrices and vectors.
    let y = area.top + Double(grid.matrices) * height
    return names + [
      "<rect class=\"ink\" x=\"\(area.left)\" y=\"\(y - 0.5)\" width=\"\(area.right - area.left)\" height=\"1\"/>"
    ]
  }

  /// The steps of columns that are far enough apart.
  private var numbers: [String] {
    var last = -Double.infinity
    let numbers = grid.steps.indices.compactMap { column -> String? in
      let x = (area.left + (Double(column) + 0.5) * width).tenths
      guard x - last >= 64 else { return nil }
      last = x
      return area.label(of: grid.steps[column], at: x)
    }
    return numbers + [area.stepLabel]
  }
}
