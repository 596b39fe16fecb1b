/// The part of a page that is about one run.
struct RunSection {
  let run: ReportedRun
  let place: Int

  /// What was seen inside of the model, as far as it is shown.
  let interior: Interior?

  private var identifier: String { "run-\(place + 1)" }
  private var findings: [Finding] { run.diagnosis.findings }

  var html: String {
    let steps = run.record.steps
    let charts = Plot.curves.map { (plot: $0, series: $0.series(of: steps)) }
      .filter { !$0.series.isEmpty }.map { chart($0.plot, $0.series) }
    return """
      <section class="run" id="\(identifier)" data-run="\(place)" aria-labelledby="\(identifier)-name">
      <header class="verdict \(run.condition)">
      <h2 id="\(identifier)-name"><bdi>\(run.name.inBreakableMarkup)</bdi></h2>
      <p><span class="badge">\(run.diagnosis.isHealthy ? "healthy" : run.condition)</span> \(extent)</p>
      </header>
      <div class="board">
      <div class="hero">\(charts.first ?? "<p class=\"empty\">No numbers were recorded.</p>")</div>
      <div class="findings">\(cards)</div>
      <div class="signals">\(charts.dropFirst().joined(separator: "\n"))</div>
      </div>
      \(interior.map { InteriorSection(interior: $0).html } ?? "")
      </section>
      """
  }

  private var extent: String {
    let health = run.diagnosis.health
    let count = run.treatments.count
    let treated = count == 0 ? "" : count == 1 ? ", 1 treatment" : ", \(count) treatments"
    return health.split(separator: ":", maxSplits: 1).dropFirst().joined().inMarkup + treated
  }

  private var cards: String {
    let cards = findings.enumerated().map { number, finding in
      FindingCard(finding: finding, number: number + 1, run: identifier).html
    }
    return list("Findings", cards, none: nothing) + treatments
  }

  private var nothing: String {
    run.treatments.isEmpty
      ? "Nothing to report: no rule found an illness."
      : "Nothing to report: what was found has been treated."
  }

  private var treatments: String {
    guard !run.treatments.isEmpty else { return "" }
    let cards = run.treatments.enumerated().map { number, treatment in
      TreatmentCard(treatment: treatment, number: number + 1, run: identifier).html
    }
    return "\n" + list("Treatments", cards, none: "")
  }

  private func list(_ title: String, _ cards: [String], none: String) -> String {
    cards.isEmpty
      ? "<h3>\(title)</h3><p class=\"nothing\">\(none)</p>"
      : "<h3>\(title)</h3><ol>\n" + cards.joined(separator: "\n") + "\n</ol>"
  }

  private func chart(_ plot: Plot, _ series: [PlotSeries]) -> String {
    ChartFigure(
      name: plot.name, title: plot.title,
      label: "\(plot.title): " + series.map(\.summary).joined(separator: ". "),
      isLogarithmic: plot.isLogarithmic(series)
    ).html
  }
}
