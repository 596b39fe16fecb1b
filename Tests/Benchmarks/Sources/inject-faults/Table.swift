import Foundation

/// The tables of a suite.
struct Table {
  let verdicts: [Verdict]

  var text: String {
    let fitting = Table(verdicts: verdicts.filter(\.architecture.isForFitting))
    let others = Table(verdicts: verdicts.filter { !$0.architecture.isForFitting })
    return [
      harm, "", "fit: mlp, lstm", fitting.detectors, "", "report: cnn, gpt, bert", others.detectors,
      "",
      "all", detectors, "", byFault, "", byLookAlike, "", calibration, "", treatment,
    ].joined(separator: "\n")
  }

  private var injected: [Verdict] { verdicts.filter(\.isFault) }
  private var harmful: [Verdict] { injected.filter(\.isHarmful) }
  private var healthy: [Verdict] { verdicts.filter { !$0.isFault } }

  private var harm: String {
    "\(injected.count) injected runs, of which \(share(harmful.count, injected.count)) did harm: "
      + "recall is over these. \(healthy.count) healthy runs, "
      + "\(healthy.count(where: \.isHarmful)) of which ended clearly above the plain twin."
  }

  /// A row for each detector: recall over harmful runs, false alarms over healthy ones, steps to detection.
  private var detectors: String {
    var rows = [
      row("", ["recall", "false alarms", "steps to alarm"]),
      row("watched run", detector(\.alarm)),
      row("numbers alone", detector(\.alarmOfNumbers)),
    ]
    let rules = Set(verdicts.flatMap(\.alarmsOfRules.keys)).sorted()
    rows += rules.map { rule in row(rule, detector { $0.alarmsOfRules[rule] }) }
    let placed = harmful.filter { $0.isPlaceRight != nil }
    rows.append(
      "watched run: right symptom \(share(harmful.count(where: \.isSymptomRight), harmful.count)), "
        + "right cause first \(share(harmful.count(where: \.isCauseRight), harmful.count)), "
        + "first bad place \(share(placed.count { $0.isPlaceRight == true }, placed.count))")
    return rows.joined(separator: "\n")
  }

  private func detector(_ alarm: (Verdict) -> Int?) -> [String] {
    let lags = harmful.compactMap { verdict in alarm(verdict).map { $0 - verdict.onset } }
      .filter { $0 >= 0 }.sorted()
    let found = harmful.count { alarm($0) != nil }
    return [
      share(found, harmful.count), share(healthy.count { alarm($0) != nil }, healthy.count),
      lags.isEmpty ? "" : "\(lags[lags.count / 2])",
    ]
  }

  private var byFault: String {
    var rows = [row("fault", ["harmful", "recall", "symptom", "cause", "place", "reached"])]
    for (name, all) in groups(injected) {
      let harmful = all.filter(\.isHarmful)
      let (count, placed) = (harmful.count, harmful.filter { $0.isPlaceRight != nil })
      rows.append(
        row(
          name,
          [
            "\(count)/\(all.count)", "\(harmful.count { $0.alarm != nil })/\(count)",
            "\(harmful.count(where: \.isSymptomRight))/\(count)",
            "\(harmful.count(where: \.isCauseRight))/\(count)",
            placed.isEmpty ? "" : "\(placed.count { $0.isPlaceRight == true })/\(placed.count)",
            "\(harmful.count(where: \.isReached))/\(count)",
          ]))
    }
    return rows.joined(separator: "\n")
  }

  private var byLookAlike: String {
    let alarmed = healthy.filter { $0.alarm != nil }
    let symptoms = Dictionary(
      grouping: alarmed.flatMap { verdict in
        verdict.findings.filter { $0.severity != "note" }.map {
          "\(verdict.name): \($0.symptom), \($0.cause)"
        }
      }, by: { $0 })
    let rows = groups(healthy).map { name, all in
      row(name, ["\(all.count { $0.alarm != nil })/\(all.count)"])
    }
    return
      ([row("look-alike", ["false alarms"])] + rows
      + symptoms.sorted { $0.key < $1.key }.map { "  \($0.value.count) × \($0.key)" })
      .joined(separator: "\n")
  }

  /// How far the confidence in first causes is from their being right, in bins of a tenth, weighed by their counts.
  private var calibration: String {
    let told = verdicts.filter { $0.isFault ? $0.isHarmful : true }.compactMap { verdict in
      verdict.findings.first { $0.severity != "note" && $0.cause != "undetermined" }
        .map { (confidence: $0.confidence, isRight: verdict.isCauseRight) }
    }
    let bins = Dictionary(grouping: told) { min(9, Int($0.confidence * 10)) }
    let rows = bins.sorted { $0.key < $1.key }.map { _, told -> (String, Double) in
      let count = Double(told.count)
      let confidence = told.reduce(0) { $0 + $1.confidence } / count
      let right = told.count(where: \.isRight)
      let line = String(format: "  confidence %.2f: right ", confidence) + share(right, told.count)
      return (line, abs(confidence - Double(right) / count) * count)
    }
    let error = 100 * rows.reduce(0) { $0 + $1.1 } / Double(max(1, told.count))
    return (["calibration error " + String(format: "%.1f %%", error)] + rows.map(\.0))
      .joined(separator: "\n")
  }

  private var treatment: String {
    let treated = healthy.filter { !$0.treatments.isEmpty }
    let inRun = harmful.filter(\.isInRun)
    let named = harmful.filter { !$0.isInRun && $0.isCauseRight }
    return
      "treated, of faults that lie in the run: reached the twin within 5 % "
      + "\(share(inRun.count(where: \.isReached), inRun.count)), "
      + "improved \(share(inRun.count(where: \.isImproved), inRun.count))\n"
      + "of faults in data, code or files: named for people to mend "
      + "\(share(named.count, harmful.count - inRun.count))\n"
      + "of all: reached the twin within 5 % \(share(harmful.count(where: \.isReached), harmful.count)), "
      + "improved \(share(harmful.count(where: \.isImproved), harmful.count)); healthy runs treated "
      + "\(treated.count), worse by it \(treated.count(where: \.isWorsened))"
  }

  private func groups(_ verdicts: [Verdict]) -> [(String, [Verdict])] {
    Dictionary(grouping: verdicts, by: \.name).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  private func share(_ part: Int, _ whole: Int) -> String {
    "\(part)/\(whole)" + String(format: " (%.1f %%)", 100 * Double(part) / Double(max(1, whole)))
  }

  private func row(_ name: String, _ cells: [String]) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    return padded(name, 26) + cells.map { padded($0, 20) }.joined()
  }
}

extension Verdict {
  /// Whether treatment brought a run to its twin's loss, within 5 % of it.
  fileprivate var isReached: Bool {
    guard let treatedEnd, let twinEnd, !treatments.isEmpty else { return false }
    return treatedEnd <= twinEnd + 0.05 * abs(twinEnd)
  }

  /// Whether treatment left a run at least 5 % below where it would have ended.
  fileprivate var isImproved: Bool {
    guard let treatedEnd, !treatments.isEmpty else { return false }
    return treatedEnd < 1e29 && (end.map { treatedEnd < $0 - 0.05 * abs($0) } ?? true)
  }

  /// Whether it left a run at least 5 % above.
  fileprivate var isWorsened: Bool {
    guard let treatedEnd, let end, !treatments.isEmpty else { return false }
    return treatedEnd > end + 0.05 * abs(end)
  }
}
