internal import TrainingKit

extension WatchedRun {
  private var replay: Replay<Model, Item> { Replay(run: run, moments: moments, loss: loss) }

  /// The findings of a step with the causes that replays show, where they are worth one.
  func explained(_ findings: [Finding], _ item: Item) throws -> [Finding] {
    guard care.keepsSnapshots else { return findings }
    return try findings.map { finding in
      guard finding.severity >= .warning || finding.mayBeMore else { return finding }
      return try forked(replay.explained(finding, item: item))
    }
  }

  /// Asks what another learning rate or start would have led to, where nothing else told the cause.
  private func forked(_ finding: Finding) throws -> Finding {
    guard finding.cause == .undetermined, finding.severity >= .warning || finding.hasLearntLittle
    else { return finding }
    let forks = RemedyCatalog.forks(for: finding, run)
    guard !forks.isEmpty,
      let place = moments.healthyMoment(before: finding.step, by: finding.onsetDistance)
    else { return finding }
    let (control, trials) = try replay.trials(forks, from: place)
    guard let chosen = trials.choice(beside: control), let remedy = chosen.remedy else {
      return finding
    }
    // That a lower rate lowers losses is so of every run that is not at its end.
    let isNews = finding.severity >= .warning || remedy != .learningRate(times: 0.1)
    guard isNews else { return finding }
    var found = finding.healed(by: remedy)
    found.severity = max(found.severity, .warning)
    found.evidence = found.evidence.adding(
      ["loss_of_fork": chosen.lossAfter, "loss_without": control.lossAfter])
    return found
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
      let place = moments.healthyMoment(before: finding.step, by: finding.onsetDistance)
    else { return nil }
    let (control, trials) = try replay.trials(candidates, from: place)
    guard let remedy = trials.choice(beside: control)?.remedy else { return nil }
    return try apply(
      Treatment(
        finding: finding.healed(by: remedy), remedy: remedy, from: moments[place].snapshot.steps,
        control: control, trials: trials), place)
  }

  /// Leaves the batch of the finding out, whatever it leads to.
  private mutating func rollBack(_ finding: Finding) throws -> Treatment? {
    guard let place = moments.moment(before: finding.step, by: 1) else { return nil }
    let remedy = Remedy.skipping(step: finding.step)
    let (control, trials) = try replay.trials([remedy], from: place)
    return try apply(
      Treatment(
        finding: finding, remedy: remedy, from: moments[place].snapshot.steps, control: control,
        trials: trials), place)
  }

  /// Takes the run back, changes it, and trains it on the same items once more. All is as before when that fails.
  private mutating func apply(
    _ treatment: Treatment, _ place: RunMoments<Item>.Place
  ) throws -> Treatment {
    let (before, snapshot) = (self, run.snapshot())
    do {
      let items = moments.items(since: place)
      try goBack(to: place)
      changeRun { treatment.remedy.apply(to: &$0) }
      for (place, item) in items.enumerated()
      where !treatment.remedy.skips(treatment.from + place) {
        try observeAgain(item)
      }
    } catch {
      self = before
      try changeRun { try $0.restore(snapshot) }
      throw error
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

  /// Whether it is a note that a replay may make more of.
  fileprivate var mayBeMore: Bool { symptom == .oscillation || symptom == .plateau }

  /// Whether losses stand still where they began.
  fileprivate var hasLearntLittle: Bool {
    guard symptom == .plateau, let level = evidence["level"], let start = evidence["start"] else {
      return false
    }
    return level > start - 0.1 * abs(start)
  }

  /// What a remedy that helped says of the cause, where nothing else told it.
  fileprivate func healed(by remedy: Remedy) -> Finding {
    guard cause == .undetermined, let shown = remedy.cause else { return self }
    var finding = self
    (finding.cause, finding.nextTest, finding.remedy) = (shown, nil, "\(remedy)")
    return finding
  }
}
