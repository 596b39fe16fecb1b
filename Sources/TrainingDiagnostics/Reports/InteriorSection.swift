/// The part of a run's section about the inside of its model.
struct InteriorSection {
  let interior: Interior

  var html: String {
    let parts = [gradients, updateRatios, memory, interior.activations?.html].compactMap(\.self)
    guard !parts.isEmpty else { return "" }
    return "<h3 class=\"part\">Inside the model</h3>\n<div class=\"interior\">\n"
      + parts.joined(separator: "\n") + "\n</div>"
  }

  private var gradients: String? {
    interior.gradients.map { grid in
      let kinds = grid.matrices == grid.rows.count ? "" : "; matrices first, then vectors"
      let thinned =
        grid.rows.count == grid.count
        ? "" : "\(grid.rows.count) of \(grid.count) parameters. "
      return ChartFigure(
        name: Plot.gradients.name, title: Plot.gradients.title,
        label: "\(Plot.gradients.title): root mean square, \(grid.summary)",
        note: thinned + "A column for each step that was looked at, a row for each parameter"
          + "\(kinds). Before clipping.",
        rows: grid.rows.count
      ).html
    }
  }

  private var updateRatios: String? {
    interior.updateRatios.map { grid in
      let thinned =
        grid.rows.count == grid.count ? "" : ", \(grid.rows.count) of \(grid.count) matrices"
      return ChartFigure(
        name: Plot.updateRatios.name, title: Plot.updateRatios.title,
        label: "\(Plot.updateRatios.title): \(grid.summary)", isLogarithmic: true,
        note: "How far a step moves the weights of each matrix, as a share of them\(thinned)."
      ).html
    }
  }

  private var memory: String? {
    interior.memory.map { course in
      ChartFigure(
        name: Plot.memory.name, title: Plot.memory.title,
        label: "\(Plot.memory.title), \(course.summary)",
        note: "What is in use after a step."
      ).html
    }
  }
}
