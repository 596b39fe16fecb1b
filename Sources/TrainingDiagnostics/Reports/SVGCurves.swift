/// Quantities over steps.
struct SVGCurves: SVGDrawing {
  private let series: [PlotSeries]
  private let axes: SVGAxes
  private let flags: SVGFlags

  init?(_ plot: Plot, of steps: [StepRecord], flags: SVGFlags) {
    let series = plot.series(of: steps)
    guard !series.isEmpty else { return nil }
    (self.series, self.flags) = (series, flags)
    axes = SVGAxes(
      SVGArea(), steps: series.flatMap(\.points).map(\.step),
      values: PlotAxis(
        showing: series.flatMap(\.finiteValues), isLogarithmic: plot.isLogarithmic(series),
        room: 0.06))
  }

  var summary: String { series.map(\.summary).joined(separator: ". ") }
  var bottom: Double { axes.area.bottom }

  func curveColors(in scheme: Palette.Scheme) -> [String] {
    Palette.curves.map { Palette.color($0, in: scheme) }
  }

  var elements: [String] {
    let flags = flags.elements(in: axes.area, x: axes.x)
    return axes.grid(at: axes.values.ticks(about: 5)) + flags.lines + curves + lost + flags.marks
      + legend
  }

  private var curves: [String] {
    series.enumerated().flatMap { number, series -> [String] in
      let path = series.thinned(stretches: 431).segments.map(axes.path).joined()
      let isNoisy = series.isNoisy && series.points.count > 500
      let faint = isNoisy ? " stroke-width=\"1\" stroke-opacity=\"0.32\"" : " stroke-width=\"1.8\""
      let curve = "<path class=\"curve c\(number)\"\(faint) d=\"\(path)\"/>"
      guard isNoisy else { return [curve] }
      let mean = series.segments.map(mean).joined()
      return [curve, "<path class=\"curve c\(number)\" stroke-width=\"2\" d=\"\(mean)\"/>"]
    }
  }

  /// The course of a noisy curve: means over a few pixels.
  private func mean(_ segment: ArraySlice<PlotSeries.Point>) -> String {
    let (area, width) = (axes.area, 5.0)
    let count = Int((area.right - area.left) / width) + 1
    var bins = [(sum: Double, count: Double)](repeating: (0, 0), count: count)
    for point in segment where point.value.isFinite {
      let bin = Int((axes.x(point.step) - area.left) / width)
      bins[bin] = (bins[bin].sum + axes.y(point.value), bins[bin].count + 1)
    }
    let points = bins.enumerated().filter { $0.element.count > 0 }.map { place, bin in
      let x = min(area.left + (Double(place) + 0.5) * width, area.right)
      return "\(x.tenths) \((bin.sum / bin.count).tenths)"
    }
    return points.isEmpty ? "" : "M" + points.joined(separator: "L")
  }

  /// Values that are not finite, as marks at the upper edge.
  private var lost: [String] {
    var last = -Double.infinity
    return series.flatMap(\.points).filter { !$0.value.isFinite }.compactMap { point in
      let x = axes.x(point.step)
      guard (x - last).magnitude >= 6 else { return nil }
      last = x
      return "<path class=\"fault\" stroke=\"none\" "
        + "d=\"M\((x - 4).tenths) \(axes.area.top - 5)h8l-4 8z\"/>"
    }
  }

  private var legend: [String] {
    guard series.count > 1 else { return [] }
    var legend = SVGLegend(x: 130, y: 34)
    for (number, series) in series.enumerated() { legend.add(series.label, curve: number) }
    return legend.elements
  }
}
