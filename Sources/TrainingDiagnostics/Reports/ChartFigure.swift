/// A plot on a page: its frame, which the script fills.
struct ChartFigure {
  /// The name of the plot.
  let name: String
  let title: String
  /// What it shows, in words.
  let label: String
  /// Whether its axis is logarithmic; nil where it cannot be changed.
  var isLogarithmic: Bool?
  /// What is to be known about it.
  var note: String?
  /// How many rows it has; nil where its height does not depend on it.
  var rows: Int?

  var html: String {
    """
    <figure class="chart" data-plot="\(name)"\(height)>
    <figcaption><h3>\(title)</h3><div class="legend"></div><div class="tools">\
    <button type="button" class="reset" hidden>Show all</button>\(scale)\
    </div>\(note.map { "<p class=\"aside\">\($0.inMarkup)</p>" } ?? "")</figcaption>
    <div class="plane"><canvas tabindex="0" role="application" aria-roledescription="plot" \
    aria-label="\(label.inMarkup)"></canvas></div>
    <p class="spoken" aria-live="polite"></p>
    </figure>
    """
  }

  private var height: String { rows.map { " style=\"--rows: \($0)\"" } ?? "" }

  private var scale: String {
    guard let isLogarithmic else { return "" }
    return "<button type=\"button\" class=\"scale\" aria-label=\"logarithmic axis\" "
      + "aria-pressed=\"\(isLogarithmic)\">log</button>"
  }
}
