/// A plot of a run as a picture of its own, for documents and for checks: the look of the page, without its script.
///
///     for plot in Plot.all {
///       if let picture = SVGPlot(plot, of: run) { … picture.svg … }
///     }
///
/// The picture follows the light or dark scheme of whoever looks at it.
public struct SVGPlot: Sendable {
  /// What is drawn.
  public let plot: Plot
  private let run: ReportedRun
  private let series: [PlotSeries]
  private let steps: PlotAxis
  private let values: PlotAxis
  private let area = (left: 74.0, right: 936.0, top: 88.0, bottom: 408.0)

  /// Creates a picture; nil when the run knows none of the plot's quantities.
  public init?(_ plot: Plot, of run: ReportedRun) {
    let series = plot.series(of: run.record.steps)
    guard !series.isEmpty else { return nil }
    (self.plot, self.run, self.series) = (plot, run, series)
    steps = PlotAxis(
      showing: series.flatMap(\.points).map { Double($0.step) }, isLogarithmic: false, room: 0)
    values = PlotAxis(
      showing: series.flatMap(\.finiteValues), isLogarithmic: plot.isLogarithmic(series), room: 0.06
    )
  }

  /// The picture as a file in UTF-8.
  public var svg: String {
    let flags = flags
    let parts = [opening] + grid + flags.lines + curves + lost + flags.marks + legend
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private var opening: String {
    let summary = series.map(\.summary).joined(separator: ". ")
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 452" role="img" \
      font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" font-size="13">
      <title>\(plot.title.inMarkup) of \(run.name.inMarkup)</title>
      <desc>\(summary.inMarkup)</desc>
      <style>
      .paper { fill: #fff } .grid { stroke: #eceae5 } .ink { fill: #1c2127 } .soft { fill: #5a6470 }
      .curve { fill: none; stroke-linejoin: round }
      .c0 { stroke: #2f5fd0 } .c1 { stroke: #c76a12 } .c2 { stroke: #2a8a74 }
      .fault { fill: #c02636; stroke: #c02636 } .warning { fill: #96630a; stroke: #96630a }
      .note { fill: #56657a; stroke: #56657a } .number { fill: #fff; font-weight: 700 }
      @media (prefers-color-scheme: dark) {
      .paper { fill: #1b1f25 } .grid { stroke: #2c323a } .ink { fill: #e9ebee } .soft { fill: #a5aeb9 }
      .c0 { stroke: #86a8ff } .c1 { stroke: #f0a35a } .c2 { stroke: #62c9b0 }
      .fault { fill: #ff7b85; stroke: #ff7b85 } .warning { fill: #e8b65c; stroke: #e8b65c }
      .note { fill: #9fb0c6; stroke: #9fb0c6 } .number { fill: #1b1f25 }
      }
      </style>
      <rect class="paper" width="960" height="452" rx="14"/>
      <text class="ink" x="24" y="34" font-size="17" font-weight="650">\(plot.title.inMarkup)</text>
      <text class="soft" x="936" y="34" text-anchor="end">\(run.name.shortenedForPicture.inMarkup)</text>
      """
  }

  private func x(_ step: Int) -> Double {
    (area.left + steps.share(of: Double(step)) * (area.right - area.left)).tenths
  }

  private func y(_ value: Double) -> Double {
    (area.bottom - values.share(of: value) * (area.bottom - area.top)).tenths
  }

  private var grid: [String] {
    let rows = values.ticks(about: 5).map { tick in
      """
      <line class="grid" x1="\(area.left)" x2="\(area.right)" y1="\(y(tick))" y2="\(y(tick))"/>\
      <text class="soft" x="\(area.left - 10)" y="\(y(tick) + 4)" text-anchor="end">\(PlotAxis.label(of: tick))</text>
      """
    }
    let columns = steps.ticks(about: 8).compactMap { Int(exactly: $0) }.map { tick in
      "<text class=\"soft\" x=\"\(x(tick))\" y=\"\(area.bottom + 24)\" text-anchor=\"middle\">\(tick)</text>"
    }
    return rows + columns + ["<text class=\"soft\" x=\"24\" y=\"\(area.bottom + 24)\">step</text>"]
  }

  private var curves: [String] {
    series.enumerated().flatMap { number, series -> [String] in
      let path = series.thinned(stretches: 431).segments.map(path).joined()
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
    let width = 5.0
    let count = Int((area.right - area.left) / width) + 1
    var bins = [(sum: Double, count: Double)](repeating: (0, 0), count: count)
    for point in segment where point.value.isFinite {
      let bin = Int((x(point.step) - area.left) / width)
      bins[bin] = (bins[bin].sum + y(point.value), bins[bin].count + 1)
    }
    let points = bins.enumerated().filter { $0.element.count > 0 }.map { place, bin in
      let x = min(area.left + (Double(place) + 0.5) * width, area.right)
      return "\(x.tenths) \((bin.sum / bin.count).tenths)"
    }
    return points.isEmpty ? "" : "M" + points.joined(separator: "L")
  }

  private func path(_ segment: ArraySlice<PlotSeries.Point>) -> String {
    var isDown = false
    return segment.map { point in
      defer { isDown = point.value.isFinite }
      return point.value.isFinite ? "\(isDown ? "L" : "M")\(x(point.step)) \(y(point.value))" : ""
    }.joined()
  }

  /// Values that are not finite, as marks at the upper edge.
  private var lost: [String] {
    var last = -Double.infinity
    return series.flatMap(\.points).filter { !$0.value.isFinite }.compactMap { point in
      let x = x(point.step)
      guard (x - last).magnitude >= 6 else { return nil }
      last = x
      return
        "<path class=\"fault\" stroke=\"none\" d=\"M\((x - 4).tenths) \(area.top - 5)h8l-4 8z\"/>"
    }
  }

  /// The findings' numbers above the plot, in rows in which none covers another, and lines below them.
  private var flags: (lines: [String], marks: [String]) {
    var ends: [Double] = []
    let findings = run.diagnosis.findings.enumerated().sorted { $0.element.step < $1.element.step }
    let flags = findings.map { number, finding in
      let x = x(finding.step)
      let row = ends.firstIndex { x > $0 + 22 } ?? ends.count
      if row == ends.count { ends.append(x) } else { ends[row] = x }
      return flag(number + 1, finding, x, y: 72 - 22 * Double(min(row, 1)))
    }
    return (flags.map(\.line), flags.map(\.mark))
  }

  private func flag(
    _ number: Int, _ finding: Finding, _ x: Double, y: Double
  ) -> (line: String, mark: String) {
    let line = """
      <line class="\(finding.severity)" x1="\(x)" x2="\(x)" y1="\(y)" y2="\(area.bottom)" \
      stroke-dasharray="3 3" stroke-opacity="0.6"/>
      """
    let mark = """
      <g><title>\(finding.severity) at step \(finding.step): \(finding.symptom.description.inMarkup)</title>\
      <circle class="\(finding.severity)" cx="\(x)" cy="\(y)" r="9.5"/>\
      <text class="number" x="\(x)" y="\(y + 4)" text-anchor="middle" font-size="11.5">\(number)</text></g>
      """
    return (line, mark)
  }

  private var legend: [String] {
    guard series.count > 1 else { return [] }
    var x = 130.0
    return series.enumerated().map { number, series in
      defer { x += 44 + 7 * Double(series.quantity.label.count) }
      return """
        <path class="curve c\(number)" stroke-width="3" d="M\(x) 29h16"/>\
        <text class="soft" x="\(x + 22)" y="34">\(series.quantity.label)</text>
        """
    }
  }
}

extension String {
  /// The end of a long name, which tells more than the folders before it.
  fileprivate var shortenedForPicture: String { count > 60 ? "…" + suffix(59) : self }
}
