import Foundation
import PublishedRules
import TrainingDiagnostics

/// Detectors beside labelled runs: how often each is wrong about a healthy run, and right about a sick one.
struct Evaluation {
  let runs: [(log: RunLog, steps: [StepRecord])]

  private static let sick = ["explosion", "nonfinite", "late_divergence", "plateau", "overfit"]

  func table(of detectors: [Detector]) -> String {
    let healthy = runs.filter { $0.log.label == "healthy" }
    let columns = Self.sick.filter { label in runs.contains { $0.log.label == label } }
    var lines = [
      row("", "false alarms / \(healthy.count)", columns.map { "\($0) (lead)" })
    ]
    for detector in detectors {
      let alarms = healthy.filter { detector.firstAlarm($0.steps) != nil }
      let share = 100 * Double(alarms.count) / Double(max(1, healthy.count))
      lines.append(
        row(
          detector.name, "\(alarms.count)  " + String(format: "%5.1f %%", share),
          columns.map { cell(detector, $0) }))
      if detector.name == "TrainingDiagnostics" {
        lines += alarms.map { "    false alarm: \($0.log.id)" }
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Recall, and the median lead of those that were found.
  private func cell(_ detector: Detector, _ label: String) -> String {
    let sick = runs.filter { $0.log.label == label }
    let leads = sick.compactMap { run in
      detector.firstAlarm(run.steps).map { manifestation(of: run.steps) - $0 }
    }.sorted()
    let lead = leads.isEmpty ? "" : " (\(leads[leads.count / 2]))"
    return "\(leads.count)/\(sick.count)" + lead
  }

  /// The first step that is not finite, or the end of the log.
  private func manifestation(of steps: [StepRecord]) -> Int {
    let broken = steps.first { step in
      [step.loss, step.gradientNorm].contains { $0.map { !$0.isFinite } ?? false }
    }
    return (broken ?? steps.last)?.step ?? 0
  }

  private func row(_ name: String, _ alarms: String, _ cells: [String]) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    return padded(name, 26) + padded(alarms, 20) + cells.map { padded($0, 24) }.joined()
  }

  /// How near healthy runs come to an alarm, and how far beyond it the sick ones are.
  func margins() -> String {
    Margins.all.map { name, labels, score in
      func scores(_ labels: [String]) -> [Double] {
        runs.filter { labels.contains($0.log.label) }.map { score($0.steps) }.sorted()
      }
      func texts(_ scores: ArraySlice<Double>) -> String {
        scores.map { String(format: "%.3g", $0) }.joined(separator: ", ")
      }
      return "\(name): the highest of healthy runs \(texts(scores(["healthy"]).suffix(3))); "
        + "the lowest of \(labels.joined(separator: " and ")) \(texts(scores(labels).prefix(3)))"
    }.joined(separator: "\n")
  }

  /// Every second pair of submission and workload, so that no near copy of a run is in both halves.
  func half(_ parity: Int) -> Evaluation {
    let groups = Set(runs.map { $0.log.group + $0.log.workload }).sorted()
    let chosen = Set(groups.indices.filter { $0 % 2 == parity }.map { groups[$0] })
    return Evaluation(runs: runs.filter { chosen.contains($0.log.group + $0.log.workload) })
  }

  /// What the doctor says of each run that it gets wrong, and of the sick ones.
  func report() -> String {
    runs.flatMap { run -> [String] in
      let findings = Doctor.diagnose(run.steps).findings.filter { $0.severity >= .warning }
      guard run.log.label != "healthy" || !findings.isEmpty else { return [] }
      return ["\(run.log.label)  \(run.log.id)"] + findings.map { "    \($0)" }
    }.joined(separator: "\n")
  }
}
