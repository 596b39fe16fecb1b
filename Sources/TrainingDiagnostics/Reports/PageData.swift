/// The numbers of runs as the script of a page reads them: JSON without a library.
struct PageData {
  let runs: [ReportedRun]

  /// An array with an object a run.
  var json: String {
    // The more runs, the coarser each: a page that is sent around stays small.
    let stretches = max(150, min(2500, 60_000 / max(1, runs.count)))
    return list(runs.map { run(of: $0, stretches: stretches) })
  }

  private func run(of run: ReportedRun, stretches: Int) -> String {
    let steps = run.record.steps
    return object([
      ("name", run.name.inJSON),
      ("first", "\(steps.lazy.map(\.step).min() ?? 0)"),
      ("last", "\(steps.lazy.map(\.step).max() ?? 0)"),
      ("findings", list(run.diagnosis.findings.map(finding))),
      ("plots", list(Plot.all.compactMap { plot($0, of: steps, stretches: stretches) })),
    ])
  }

  private func finding(_ finding: Finding) -> String {
    object([
      ("step", "\(finding.step)"), ("severity", finding.severity.rawValue.inJSON),
      ("symptom", finding.symptom.description.inJSON),
      ("cause", finding.cause.description.inJSON),
    ])
  }

  private func plot(_ plot: Plot, of steps: [StepRecord], stretches: Int) -> String? {
    let series = plot.series(of: steps)
    guard !series.isEmpty else { return nil }
    return object([
      ("name", plot.name.inJSON), ("logarithmic", "\(plot.isLogarithmic(series))"),
      ("series", list(series.map { curve($0.thinned(stretches: stretches)) })),
    ])
  }

  private func curve(_ series: PlotSeries) -> String {
    object([
      ("name", series.quantity.rawValue.inJSON), ("label", series.quantity.label.inJSON),
      ("noisy", "\(series.isNoisy)"),
      ("steps", list(series.points.map { "\($0.step)" })),
      ("values", list(series.points.map { number($0.value) })),
    ])
  }

  /// A number to the digits that a picture shows; what JSON has no number for as text.
  private func number(_ value: Double) -> String {
    guard value.isFinite else {
      return value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\""
    }
    if let whole = Int(exactly: value) { return "\(whole)" }
    let short = Float(value)
    return short.isNormal ? "\(short)" : "\(value)"
  }

  private func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  private func object(_ entries: [(key: String, json: String)]) -> String {
    "{" + entries.map { "\"\($0.key)\":\($0.json)" }.joined(separator: ",") + "}"
  }
}
