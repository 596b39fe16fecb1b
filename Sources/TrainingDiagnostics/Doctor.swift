/// Watches a run with all analyzers, and says each illness once.
///
///     var doctor = Doctor()
///     for step in steps {
///       for finding in doctor.observe(step) { print(finding) }
///     }
///     print(doctor.diagnosis())
///
/// A symptom is heard again only when it is graver than before, and not at all when it follows from one that was
/// heard, unless it is the end of the run. What is swallowed counts: ``Diagnosis`` tells how often each symptom showed.
public struct Doctor: Sendable {
  /// What was heard, in the order it showed.
  public private(set) var findings: [Finding] = []
  /// The run so far.
  public private(set) var history = RunHistory()
  private var analyzers: [any Analyzer]
  /// The places of those that are handed a step, by whether it is one for levels, and by whether it was looked into.
  private let places: [[Int]]
  /// The levels that analyzers have looked at.
  private var levels = 0
  private var occurrences: [Symptom: Int] = [:]
  // What was no news when it was found, once of each kind.
  private var silenced: [Finding] = []
  private var recovery = Recovery()
  private let budget: Int

  /// Creates a doctor of a run that has not begun.
  ///
  /// - Parameters:
  ///   - analyzers: the rules to watch with.
  ///   - budget: how many findings are heard in all; faults are heard beyond it.
  public init(_ analyzers: [any Analyzer] = AnalyzerCatalog.standard, budget: Int = 20) {
    (self.analyzers, self.budget) = (analyzers, budget)
    let occasions: [Set<Occasion>] = [
      [.step], [.step, .level], [.step, .examination], [.step, .level, .examination],
    ]
    places = occasions.map { due in
      analyzers.indices.filter { due.contains(type(of: analyzers[$0]).occasion) }
    }
  }

  /// Takes a step, and returns what is new.
  @discardableResult
  public mutating func observe(_ step: StepRecord) -> [Finding] {
    let completed = history.completed(step)
    let isForLevels = history.levels != levels || history.loss.count % 8 == 0
    levels = history.levels
    let kind = (isForLevels ? 1 : 0) + (step.isLookedInto ? 2 : 0)
    var found: [Finding] = []
    // A closure would copy each answer, which is large and mostly none.
    for place in places[kind] {
      if let finding = analyzers[place].examine(completed, after: history) { found.append(finding) }
    }
    recovery.note(completed, found, after: history)
    history.append(step)
    return hear(found)
  }

  /// What is new when no step will follow.
  @discardableResult
  public mutating func conclude() -> [Finding] {
    hear(analyzers.indices.compactMap { analyzers[$0].conclude(history) })
  }

  /// Looks back at a log that is complete: an explosion behind which the loss was back at its level within some steps
  /// was a spike. While a run goes on nobody can know that, so its explosion is told at once.
  public mutating func review() {
    guard let spike = recovery.spike, let place = findings.firstIndex(where: spike.isFound) else {
      return
    }
    findings[place] = spike.finding(in: findings[place])
    occurrences[.lossSpike] = max(occurrences[.lossSpike] ?? 0, occurrences[.explosion] ?? 1)
    occurrences[.explosion] = nil
    // What seemed to follow from it did not.
    for finding in silenced where finding.symptom != .explosion && isNews(finding) {
      findings.append(finding)
    }
  }

  /// The findings so far, ranked.
  public func diagnosis() -> Diagnosis {
    Diagnosis(
      findings.map { finding in
        guard let count = occurrences[finding.symptom], count > 1 else { return finding }
        var finding = finding
        finding.evidence = finding.evidence.adding("occurrences", Double(count))
        return finding
      }, steps: history.count, lastStep: history.previous?.step)
  }

  /// The diagnosis of a run that is over.
  public static func diagnose(
    _ steps: some Sequence<StepRecord>, with analyzers: [any Analyzer] = AnalyzerCatalog.standard
  ) -> Diagnosis {
    var doctor = Doctor(analyzers)
    for step in steps { doctor.observe(step) }
    doctor.conclude()
    return doctor.diagnosis()
  }

  /// Says that the run goes on from what was kept of it.
  public mutating func noteResume(at step: Int) { history.resumeStep = step }

  /// Takes findings back for better ones of the same symptoms.
  mutating func replace(_ old: [Finding], by new: [Finding]) {
    for (old, new) in zip(old, new) {
      if let place = findings.lastIndex(of: old) { findings[place] = new }
    }
  }

  /// Takes what was found at once; graver findings first, so that they silence their consequences. Returns what is new.
  mutating func hear(_ found: [Finding]) -> [Finding] {
    if found.isEmpty { return [] }
    return found.sorted { $0.isBefore($1) }.filter { finding in
      occurrences[finding.symptom, default: 0] += 1
      guard isNews(finding) else {
        if !silenced.contains(where: { $0.isOfTheKind(of: finding) }) { silenced.append(finding) }
        return false
      }
      findings.append(finding)
      return true
    }
  }

  private func isNews(_ finding: Finding) -> Bool {
    // That a loss is NaN in the end is news, whatever led to it.
    let mayFollow = finding.symptom != .nonFiniteLoss
    let isKnown = findings.contains { heard in
      heard.severity >= finding.severity
        && (heard.symptom == finding.symptom
          || mayFollow && heard.symptom.consequences.contains(finding.symptom))
    }
    return !isKnown && (findings.count < budget || finding.severity == .fault)
  }
}

extension Finding {
  fileprivate func isOfTheKind(of other: Finding) -> Bool {
    symptom == other.symptom && severity == other.severity
  }

  /// Whether this is told before another: the graver first, then causes before what they bring with them, then by step.
  func isBefore(_ other: Finding) -> Bool {
    if severity != other.severity { return severity > other.severity }
    let (leads, follows) = (
      symptom.consequences.contains(other.symptom), other.symptom.consequences.contains(symptom)
    )
    return leads == follows ? step < other.step : leads
  }
}
