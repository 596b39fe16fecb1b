/// A finding on a page.
struct FindingCard {
  let finding: Finding
  /// The number that marks it in the plots.
  let number: Int
  /// The identifier of the run's section.
  let run: String

  var html: String {
    """
    <li class="finding \(finding.severity)" id="\(run)-finding-\(number)" tabindex="-1">
    <p class="where"><span class="flag">\(number)</span> <span class="badge">\(finding.severity)</span> \
    <span\(finding.began == nil ? "" : " class=\"since\"")>\(finding.time)\(place)</span> \
    <span class="sure">\(percent) % sure</span></p>
    <h4>\(finding.symptom.description.capitalizedSentence.inMarkup)</h4>
    <p class="cause">\(cause)</p>
    <p class="remedy"><strong>Remedy</strong> \(finding.remedy.capitalizedSentence.inMarkup)</p>
    \(evidence)\(sources)
    </li>
    """
  }

  private var place: String { finding.site.map { " in <bdi>\($0.inMarkup)</bdi>" } ?? "" }

  private var percent: Int { Int((finding.confidence * 100).rounded()) }

  private var cause: String {
    let test = finding.nextTest.map { ". <em>A test would tell:</em> " + $0.inMarkup } ?? ""
    return "Cause: " + finding.cause.description.inMarkup + test
  }

  private var evidence: String {
    let chips = finding.phrases.map { phrase in
      "<li>\(phrase.before.inMarkup)<b>\(phrase.number)</b>\(phrase.after.inMarkup)</li>"
    }
    return chips.isEmpty
      ? "" : "<ul class=\"evidence\" aria-label=\"Evidence\">" + chips.joined() + "</ul>"
  }

  private var sources: String {
    finding.sources.isEmpty
      ? "" : "<p class=\"sources\">" + finding.sources.joined(separator: "; ").inMarkup + "</p>"
  }
}
