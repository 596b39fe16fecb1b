/// A treatment on a page: what for, what was tried, and what it led to.
struct TreatmentCard {
  let treatment: Treatment
  /// The number that marks it in the plots.
  let number: Int
  /// The identifier of the run's section.
  let run: String

  var html: String {
    let finding = treatment.finding
    return """
      <li class="finding treated" id="\(run)-treatment-\(number)" tabindex="-1">
      <p class="where"><span class="flag">T\(number)</span> <span class="badge">treated</span> \
      <span>back from step \(finding.step) to step \(treatment.from)</span></p>
      <h4>\(treatment.remediesInWords.capitalizedSentence.inMarkup)</h4>
      <p class="cause">For: \(finding.symptom.description.inMarkup) at step \(finding.step)\(place). \
      Cause: \(finding.cause.description.inMarkup)</p>
      <table class="trials">
      <caption>Each was tried from step \(treatment.from) on, for \(treatment.control.steps) steps; \
      losses in evaluation.</caption>
      <thead><tr><th scope="col">tried</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
      <tbody>
      \(row(treatment.control, "as it was"))
      \(treatment.trials.map { row($0, $0.remedies.inWords) }.joined(separator: "\n"))
      </tbody>
      </table>
      </li>
      """
  }

  private var place: String {
    treatment.finding.site.map { " in <bdi>\($0.inMarkup)</bdi>" } ?? ""
  }

  private func row(_ trial: Trial, _ name: String) -> String {
    let isChosen = trial.remedies == treatment.remedies
    let mark = isChosen ? " <span class=\"badge\">applied</span>" : ""
    return """
      <tr\(isChosen ? " class=\"chosen\"" : "")><th scope="row">\(name.inMarkup)\(mark)</th>\
      <td>\(trial.lossBefore.inTable)</td><td>\(trial.lossAfter.inTable)</td></tr>
      """
  }
}

extension Double {
  fileprivate var inTable: String { isFinite ? shortened : "not finite" }
}
