/// The part of a page that is about one run.
struct RunSection {
  let run: ReportedRun
  let place: Int

  private var identifier: String { "run-\(place + 1)" }
  private var findings: [Finding] { run.diagnosis.findings }

  var html: String {
    let steps = run.record.steps
    let charts = Plot.all.map { (plot: $0, series: $0.series(of: steps)) }
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
      </section>
      """
  }

  private var extent: String {
    let health = run.diagnosis.health
    return health.split(separator: ":", maxSplits: 1).dropFirst().joined().inMarkup
  }

  private var cards: String {
    guard !findings.isEmpty else {
      return
        "<h3>Findings</h3><p class=\"nothing\">Nothing to report: no rule found an illness.</p>"
    }
    let cards = findings.enumerated().map { number, finding in
      FindingCard(finding: finding, number: number + 1, run: identifier).html
    }
    return "<h3>Findings</h3><ol>\n" + cards.joined(separator: "\n") + "\n</ol>"
  }

  private func chart(_ plot: Plot, _ series: [PlotSeries]) -> String {
    let label = "\(plot.title): " + series.map(\.summary).joined(separator: ". ")
    return """
      <figure class="chart" data-plot="\(plot.name)">
      <figcaption><h3>\(plot.title)</h3><div class="legend"></div><div class="tools">\
      <button type="button" class="reset" hidden>Show all</button>\
      <button type="button" class="scale" aria-label="logarithmic axis" \
      aria-pressed="\(plot.isLogarithmic(series))">log</button>\
      </div></figcaption>
      <div class="plane"><canvas tabindex="0" role="application" aria-roledescription="plot" \
      aria-label="\(label.inMarkup)"></canvas></div>
      <p class="spoken" aria-live="polite"></p>
      </figure>
      """
  }
}
