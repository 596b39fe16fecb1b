/// How far a step moves each matrix, from the first one to the last, and where the ratios of most healthy runs lie.
struct SVGRatios: SVGDrawing {
  private static let usual = 1e-4...1e-2
  // More curves than these are told by their order.
  private static let named = 6

  private let grid: ParameterGrid
  private let series: [PlotSeries]
  private let legend: SVGLegend
  private let axes: SVGAxes
  private let flags: SVGFlags

  init(_ grid: ParameterGrid, flags: SVGFlags) {
    (self.grid, self.flags) = (grid, flags)
    series = grid.rows.map { row in
      PlotSeries(row.path, steps: grid.steps, values: row.values.map { $0 ?? .nan })
    }
    legend = Self.legend(series.map(\.label))
    let known = series.flatMap(\.finiteValues).filter { $0 > 0 }
    axes = SVGAxes(
      legend.area, steps: grid.steps,
      values: PlotAxis(
        showing: known + [Self.usual.lowerBound, Self.usual.upperBound], isLogarithmic: true,
        room: 0.06))
  }

  var summary: String { grid.summary }
  var bottom: Double { axes.area.bottom }

  func curveColors(in scheme: Palette.Scheme) -> [String] {
    let stops = Palette.depth.map { Palette.color($0, in: scheme) }
    return series.indices.map { number in
      Palette.mixed(stops, at: Double(number) / Double(max(1, series.count - 1)))
    }
  }

  private static func legend(_ labels: [String]) -> SVGLegend {
    var legend = SVGLegend()
    if labels.count <= named {
      for (number, label) in labels.enumerated() {
        legend.add(label.shortened(to: 40), curve: number)
      }
    } else {
      let edges = (0...labels.count).map { (84 * Double($0) / Double(labels.count)).tenths }
      legend.add("from the first matrix to the last", width: 84) { x, y in
        labels.indices.map { number in
          let width = (edges[number + 1] - edges[number]).tenths
          return "<path class=\"c\(number)\" stroke-width=\"9\" shape-rendering=\"crispEdges\" "
            + "d=\"M\((x + edges[number]).tenths) \(y - 5)h\(width)\"/>"
        }.joined()
      }
    }
    legend.add("usual, 1e−4 to 0.01", patch: "class=\"healthy\" fill-opacity=\"0.25\"")
    return legend
  }

  private var band: String {
    let (top, bottom) = (axes.y(Self.usual.upperBound), axes.y(Self.usual.lowerBound))
    let width = axes.area.right - axes.area.left
    return "<rect class=\"healthy\" fill-opacity=\"0.1\" x=\"\(axes.area.left)\" y=\"\(top)\" "
      + "width=\"\(width)\" height=\"\((bottom - top).tenths)\"/>"
  }

  var elements: [String] {
    let flags = flags.elements(in: axes.area, x: axes.x)
    let curves = series.enumerated().map { number, series in
      let path = series.segments.map(axes.path).joined()
      return
        "<path class=\"curve c\(number)\" stroke-width=\"1.4\" stroke-opacity=\"0.85\" d=\"\(path)\">"
        + "<title>\(series.label.inMarkup)</title></path>"
    }
    return [band] + axes.grid(at: axes.values.ticks(about: 5)) + flags.lines + curves + flags.marks
      + legend.elements
  }
}
