/// One page about runs: their curves, with the findings marked, and what to do.
///
/// The page is a single file that loads nothing: it works without a network, on a phone and on paper. Names and texts
/// may be anything.
///
///     let run = ReportedRun(name: "small GPT", record: record)
///     let page = HTMLReport(title: "Tonight", runs: [run]).html
///
/// Of a ``WatchedRun`` it tells what was seen inside the model, and how the run was treated:
///
///     let run = ReportedRun(name: "small GPT", watched: watched)
public struct HTMLReport: Sendable {
  /// The title of the page.
  public let title: String
  /// The runs, in the order they are told: the worst first.
  public let runs: [ReportedRun]

  /// Creates a page.
  public init(title: String, runs: [ReportedRun]) {
    (self.title, self.runs) = (title, runs.worstFirst)
  }

  /// The page, as a file in UTF-8.
  public var html: String {
    // The more runs, the less of each: a page that is sent around stays small.
    let limits = Interior.Limits(steps: max(40, min(200, 2000 / max(1, runs.count))))
    let interiors = runs.map { Interior($0.record, limits: limits) }
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
      <link rel="icon" href="data:,">
      <title>\(title.inMarkup)</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      \(masthead)
      \(runs.count > 1 ? index : "")
      <main>
      \(sections(interiors))
      </main>
      <footer>Drag over a plot to zoom in, double-click to see all of it again. With the keyboard: arrows move and \
      choose, + and − zoom, Escape resets. Of a long curve the page holds the lowest and the highest value of each \
      short stretch; bold lines are running means.</footer>
      <script type="application/json" id="report-data">\(PageData(runs: runs, interiors: interiors).json)</script>
      <script>
      \(PageScript.text)
      </script>
      </body>
      </html>

      """
  }

  private func sections(_ interiors: [Interior?]) -> String {
    zip(runs, interiors).enumerated().map { place, known in
      RunSection(run: known.0, place: place, interior: known.1).html
    }.joined(separator: "\n")
  }

  private var masthead: String {
    """
    <header class="masthead">
    <p class="eyebrow">Training report</p>
    <h1><bdi>\(title.inMarkup)</bdi></h1>
    <p class="summary">\(summary)</p>
    </header>
    """
  }

  private var summary: String {
    guard runs.count > 1 else { return runs.isEmpty ? "No runs." : "" }
    let healthy = runs.count { $0.diagnosis.isHealthy }
    let faulty = runs.count { $0.diagnosis.severity == .fault }
    let warned = runs.count - healthy - faulty
    let parts = [(faulty, "with a fault"), (warned, "with warnings"), (healthy, "healthy")]
    return "\(runs.count) runs: "
      + parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  private var index: String {
    let entries = runs.enumerated().map { place, run in
      """
      <li><a class="entry \(run.condition)" href="#run-\(place + 1)">
      <span class="entry-name"><bdi>\(run.name.inBreakableMarkup)</bdi></span>
      <svg viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true">\
      <path d="\(run.sparkline.path(width: 120, height: 28))"/></svg>
      <span class="entry-health">\(run.headline.inMarkup)</span>
      </a></li>
      """
    }
    return "<nav aria-label=\"Runs, the worst first\"><ol class=\"index\">\n"
      + entries.joined(separator: "\n") + "\n</ol></nav>"
  }
}

extension ReportedRun {
  /// The gravest severity as the class of an element.
  var condition: String { diagnosis.severity?.rawValue ?? "healthy" }

  /// The course of what the first finding is about: of an evaluation, or else of the loss.
  var sparkline: Sparkline {
    let finding = diagnosis.findings.first
    let place = finding?.symptom == .overfitting ? Quantity.validationLoss.rawValue : finding?.place
    return Sparkline(record, of: place.flatMap(Quantity.init(rawValue:)) ?? .loss, columns: 60)
  }

  /// The first finding in a few words, or that there is none.
  var headline: String {
    guard let finding = diagnosis.findings.first else {
      return treatments.last.map { "healthy, treated for \($0.finding.symptom)" } ?? "healthy"
    }
    return "\(finding.symptom) at step \(finding.step)"
  }
}
