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
  private let name: String
  private let drawing: any SVGDrawing

  /// Creates a picture; nil when the run knows nothing of what the plot shows.
  public init?(_ plot: Plot, of run: ReportedRun) {
    guard let drawing = Self.drawing(plot, of: run) else { return nil }
    (self.plot, self.drawing, name) = (plot, drawing, run.name)
  }

  private static func drawing(_ plot: Plot, of run: ReportedRun) -> (any SVGDrawing)? {
    let flags = SVGFlags(findings: run.diagnosis.findings)
    let interior = plot.content == .curves ? nil : Interior(run.record)
    switch plot.content {
    case .curves: return SVGCurves(plot, of: run.record.steps, flags: flags)
    case .gradients: return interior?.gradients.map { SVGHeatMap(grid: $0, flags: flags) }
    case .updateRatios: return interior?.updateRatios.map { SVGRatios($0, flags: flags) }
    case .memory: return interior?.memory.map { SVGMemory($0, flags: flags) }
    case .activations: return interior?.activations.map { SVGActivations(table: $0) }
    }
  }

  /// The picture as a file in UTF-8.
  public var svg: String {
    let height = (drawing.bottom + 44).tenths
    let parts = [opening(height)] + drawing.elements
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private func opening(_ height: Double) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 \(height)" role="img" \
    font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" font-size="13">
    <title>\(plot.title.inMarkup) of \(name.inMarkup)</title>
    <desc>\(drawing.summary.inMarkup)</desc>
    <style>
    .curve { fill: none; stroke-linejoin: round; stroke-linecap: round } .number { font-weight: 700 }
    \(style(in: .light))
    @media (prefers-color-scheme: dark) {
    \(style(in: .dark))
    }
    </style>
    <rect class="card" width="960" height="\(height)" rx="14"/>
    <text class="ink" x="24" y="34" font-size="17" font-weight="650">\(plot.title.inMarkup)</text>
    <text class="soft" x="936" y="34" text-anchor="end">\(name.shortened(to: 60).inMarkup)</text>
    """
  }

  private func style(in scheme: Palette.Scheme) -> String {
    func rule(_ selector: String, _ properties: [String], _ color: String) -> String {
      "\(selector) { \(properties.map { "\($0): \(color)" }.joined(separator: "; ")) }"
    }
    let filled = ["card", "ink", "soft", "healthy"]
    let marks = ["fault", "warning", "note", "faint", "zero"]
    let rules =
      filled.map { rule("." + $0, ["fill"], Palette.color($0, in: scheme)) }
      + marks.map { rule("." + $0, ["fill", "stroke"], Palette.color($0, in: scheme)) }
      + [
        rule(".grid", ["stroke"], Palette.color("grid", in: scheme)),
        rule(".number", ["fill"], Palette.color("card", in: scheme)),
        rule(".ill", ["fill"], Palette.color("fault", in: scheme)),
        rule(".cross", ["stroke"], Palette.color("card", in: scheme)),
      ]
      + drawing.curveColors(in: scheme).enumerated().map { rule(".c\($0)", ["stroke"], $1) }
    return rules.joined(separator: " ")
  }
}

/// What a picture shows below its title, on a paper that is 960 wide.
protocol SVGDrawing: Sendable {
  /// What there is to see, for those who cannot see it.
  var summary: String { get }
  /// Where the plot ends, above the steps.
  var bottom: Double { get }
  /// The elements of the picture, those that are covered first.
  var elements: [String] { get }
  /// The colours of its curves, which are of the classes `c0`, `c1` and so on.
  func curveColors(in scheme: Palette.Scheme) -> [String]
}

extension SVGDrawing {
  func curveColors(in scheme: Palette.Scheme) -> [String] { [] }
}

extension String {
  /// The end of a long name, which tells more than what leads to it.
  func shortened(to limit: Int) -> String { count > limit ? "…" + suffix(limit - 1) : self }
}
