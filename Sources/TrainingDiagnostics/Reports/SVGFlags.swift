/// The findings' numbers above a plot, in rows in which none covers another, and lines below them.
struct SVGFlags {
  let findings: [Finding]

  /// The lines, which lie behind the curves, and the marks, which lie before them.
  func elements(in area: SVGArea, x: (Int) -> Double) -> (lines: [String], marks: [String]) {
    var ends: [Double] = []
    let order = findings.enumerated().sorted { $0.element.step < $1.element.step }
    let flags = order.map { number, finding in
      let x = x(finding.step)
      let row = ends.firstIndex { x > $0 + 22 } ?? ends.count
      if row == ends.count { ends.append(x) } else { ends[row] = x }
      return flag(number + 1, finding, x, y: area.top - 16 - 22 * Double(min(row, 1)), area.bottom)
    }
    return (flags.map(\.line), flags.map(\.mark))
  }

  private func flag(
    _ number: Int, _ finding: Finding, _ x: Double, y: Double, _ bottom: Double
  ) -> (line: String, mark: String) {
    let line = """
      <line class="\(finding.severity)" x1="\(x)" x2="\(x)" y1="\(y)" y2="\(bottom)" \
      stroke-dasharray="3 3" stroke-opacity="0.6"/>
      """
    let mark = """
      <g><title>\(finding.heading): \(finding.symptom.description.inMarkup)</title>\
      <circle class="\(finding.severity)" cx="\(x)" cy="\(y)" r="9.5"/>\
      <text class="number" x="\(x)" y="\(y + 4)" text-anchor="middle" font-size="11.5">\(number)</text></g>
      """
    return (line, mark)
  }
}
