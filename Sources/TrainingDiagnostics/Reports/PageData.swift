/// The numbers of runs as the script of a page reads them: JSON without a library.
struct PageData {
  let runs: [ReportedRun]
  /// What was seen inside the model of each.
  let interiors: [Interior?]

  /// An array with an object a run.
  var json: String {
    // The more runs, the coarser each: a page that is sent around stays small.
    let stretches = max(150, min(2500, 60_000 / max(1, runs.count)))
    return list(zip(runs, interiors).map { run(of: $0, $1, stretches: stretches) })
  }

  private func run(of run: ReportedRun, _ interior: Interior?, stretches: Int) -> String {
    let steps = run.record.steps
    return object([
      ("name", run.name.inJSON),
      ("first", "\(steps.lazy.map(\.step).min() ?? 0)"),
      ("last", "\(steps.lazy.map(\.step).max() ?? 0)"),
      ("findings", list(run.diagnosis.findings.map(finding))),
      ("treatments", list(run.treatments.map(treatment))),
      (
        "plots",
        list(
          Plot.curves.compactMap { plot($0, of: steps, stretches: stretches) }
            + (interior.map(plots) ?? []))
      ),
    ])
  }

  private func finding(_ finding: Finding) -> String {
    object([
      ("step", "\(finding.step)"), ("heading", finding.heading.inJSON),
      ("severity", finding.severity.rawValue.inJSON),
      ("symptom", finding.symptom.description.inJSON),
      ("cause", finding.cause.description.inJSON),
    ])
  }

  private func treatment(_ treatment: Treatment) -> String {
    object([
      ("step", "\(treatment.from)"), ("end", "\(treatment.finding.step)"),
      ("remedy", treatment.remedies.inWords.inJSON),
      ("symptom", treatment.finding.symptom.description.inJSON),
    ])
  }

  /// The plots of the inside, in the order of their figures.
  private func plots(of interior: Interior) -> [String] {
    let gradients = interior.gradients.map { grid in
      object([
        ("kind", "\"heat\""), ("matrices", "\(grid.matrices)"), ("steps", list(grid.steps)),
        ("low", number(grid.heat.low)), ("high", number(grid.heat.high)),
        ("rows", rows(grid)),
      ])
    }
    let ratios = interior.updateRatios.map { grid in
      object([
        ("kind", "\"ratios\""), ("logarithmic", "true"), ("steps", list(grid.steps)),
        ("series", rows(grid)),
      ])
    }
    let memory = interior.memory.map { course in
      object([
        ("kind", "\"memory\""), ("steps", list(course.steps)), ("peaks", list(course.peaks)),
        (
          "series",
          list(
            course.owners.map { owner in
              object([("label", owner.name.inJSON), ("values", list(owner.values))])
            })
        ),
      ])
    }
    return [gradients, ratios, memory].compactMap(\.self)
  }

  private func rows(_ grid: ParameterGrid) -> String {
    list(
      grid.rows.map { row in
        let values = row.values.map { value in
          value.map { $0.isFinite ? $0.shortened : number($0) } ?? "null"
        }
        return object([("label", row.path.inJSON), ("values", list(values))])
      })
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
      ("name", series.name.inJSON), ("label", series.label.inJSON),
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

  private func list(_ items: [Int]) -> String { list(items.map(String.init)) }

  private func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  private func object(_ entries: [(key: String, json: String)]) -> String {
    "{" + entries.map { "\"\($0.key)\":\($0.json)" }.joined(separator: ",") + "}"
  }
}
