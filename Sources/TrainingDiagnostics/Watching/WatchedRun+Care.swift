internal import TrainingKit

extension WatchedRun {
  private var replay: Replay<Model, Item> { Replay(run: run, moments: moments, loss: loss) }

  /// The findings of a step with the causes that replays show, where they are worth one.
  func explained(_ findings: [Finding], _ item: Item) throws -> [Finding] {
    guard care.keepsSnapshots else { return findings }
    return try findings.map { finding in
      guard finding.severity >= .warning else { return finding }
      return try replay.explained(finding, item: item)
    }
  }

  /// Does about findings what the care says; the treatment, where there was one.
  mutating func respond(to findings: [Finding]) throws -> Treatment? {
    guard care.keepsSnapshots, let finding = findings.max(by: { $0.severity < $1.severity }),
      treatments.count < care.treatmentLimit
    else { return nil }
    switch care.response(to: finding.severity) {
    case .treat: return try treat(finding)
    case .rollBack: return try rollBack(finding)
    case .note, .warn, .pause, .stop: return nil
    }
  }

  /// Tries what may help, and applies what does.
  private mutating func treat(_ finding: Finding) throws -> Treatment? {
    let candidates = RemedyCatalog.candidates(for: finding, run, usualNorm: usualNorm)
    guard !candidates.isEmpty,
      let moment = moments.moment(before: finding.step, by: finding.onsetDistance)
    else { return nil }
    let (control, trials) = try replay.trials(candidates, from: moment)
    guard let best = trials.min(by: { $0.lossAfter < $1.lossAfter }), best.isBetter(than: control)
    else { return nil }
    // The gentlest of those that are as good.
    let chosen = trials.first { !best.isBetter(than: $0) } ?? best
    return try apply(
      Treatment(
        finding: finding, remedy: chosen.remedy!, from: moments.all[moment].snapshot.steps,
        control: control, trials: trials), moment)
  }

  /// Leaves the batch of the finding out, whatever it leads to.
  private mutating func rollBack(_ finding: Finding) throws -> Treatment? {
    guard let moment = moments.moment(before: finding.step, by: 1) else { return nil }
    let remedy = Remedy.skipping(step: finding.step)
    let (control, trials) = try replay.trials([remedy], from: moment)
    return try apply(
      Treatment(
        finding: finding, remedy: remedy, from: moments.all[moment].snapshot.steps,
        control: control, trials: trials), moment)
  }

  /// Takes the run back, changes it, and trains it on the same items once more.
  private mutating func apply(_ treatment: Treatment, _ moment: Int) throws -> Treatment {
    let items = moments.items(since: moment)
    try goBack(to: moment)
    changeRun { treatment.remedy.apply(to: &$0) }
    for (place, item) in items.enumerated() where !treatment.remedy.skips(treatment.from + place) {
      try observeAgain(item)
    }
    keep(treatment)
    return treatment
  }

  /// The level of the gradients' norm before the trouble; nil where nobody knows it.
  private var usualNorm: Double? {
    moments.all.compactMap(\.doctor.history.gradientNorm.recent.median).first { $0 > 0 }
      ?? doctor.history.gradientNorm.recent.median.flatMap { $0 > 0 ? $0 : nil }
  }
}

extension Finding {
  /// How long before a finding its cause may have set in.
  ///
  /// - Units: steps.
  fileprivate var onsetDistance: Int {
    switch symptom {
    case .lossSpike, .nonFiniteLoss, .nonFiniteGradient, .explosion, .gradientGrowth: 8
    case .divergence, .oscillation: 64
    default: .max / 2
    }
  }
}
