internal import TrainingKit

extension WatchedRun {
  var replay: Replay<Model, Item> {
    Replay(run: run, moments: moments, loss: loss, examples: examples)
  }

  /// The findings of a step with the causes that replays show, where they are worth one.
  func explained(_ findings: [Finding], _ item: Item) throws -> [Finding] {
    guard care.keepsSnapshots else { return findings }
    return try findings.map { finding in
      guard finding.severity >= .warning || finding.mayBeMore && !finding.mayBeWeighed else {
        return try weighed(finding).seenInside
      }
      return try forked(replay.explained(finding, item: item).following(doctor.findings)).seenInside
    }
  }

  /// What is new when no step will follow, with the causes that replays show, and the examples whose labels are in
  /// doubt where losses of examples can be asked for. The run stays as it is.
  ///
  /// - Errors: whatever the loss throws when it is called again. A replay that memory is too small for costs its
  ///   evidence.
  public mutating func conclude() throws -> [Finding] {
    let found = try lookedInto(concluded(), responds: false)
    return try found + hear(labelsInDoubt())
  }

  private func labelsInDoubt() throws -> [Finding] {
    guard care.keepsSnapshots else { return [] }
    do {
      return try [replay.mixedLabels(doctor.history), replay.labelsInDoubt(doctor.history)]
        .compactMap { $0 }
    } catch is DeviceError {
      return []
    }
  }

  /// The losses of an item's examples; nil where nobody asked for them, or memory is too small.
  func exampleLosses(of item: Item) throws -> [Double]? {
    guard let losses = examples.losses,
      let found = try inEvaluation({ try losses($0, item) })
    else { return nil }
    return found.count > RunRecord.examplesPerStep ? nil : found
  }

  /// The loss of an item in evaluation; nil of a model without buffers, or where memory is too small.
  func evaluationLoss(of item: Item) throws -> Double? {
    guard hasBuffers else { return nil }
    return try inEvaluation { try loss($0, item) }.map { $0.count == 1 ? $0.item() : .nan }
  }

  /// What `body` makes of the model in evaluation, where the run stays as it is; nil where memory is too small.
  private func inEvaluation<Result>(_ body: (Model) throws -> Result) throws -> Result? {
    let generator = run.generator ?? .current
    let random = generator.state
    defer { generator.state = random }
    do {
      return try withRandomGenerator(generator) { try run.inEvaluation(body) }
    } catch is DeviceError {
      return nil
    }
  }

  /// Findings beside the steps with the causes that replays show.
  ///
  /// - Parameter responds: whether the run is treated where care says so.
  mutating func lookedInto(_ found: [Finding], responds: Bool) throws -> [Finding] {
    guard !found.isEmpty, let item = moments.all.last?.items.last else { return found }
    var findings = found
    do {
      findings = try explained(found, item)
      takeExplained(findings, of: found)
      if responds { _ = try respond(to: findings) }
    } catch is DeviceError {}
    return findings
  }

  /// Hands the doctor what a ``Preflight`` found before the first step, and returns what is new.
  ///
  /// What care says is to be treated is treated once there are steps enough to try remedies along.
  @discardableResult
  public mutating func take(_ findings: [Finding]) -> [Finding] {
    let news = hear(findings.map(\.seenInside))
    if care.keepsSnapshots {
      expected += news.filter {
        $0.mayBeWeighed || care.response(to: $0.severity) == .treat
      }
    }
    return news
  }

  /// Asks what another learning rate or start would have led to, where nothing else told the cause.
  private func forked(_ finding: Finding) throws -> Finding {
    let isUnusual = !run.optimizer.usualSettings.isEmpty
    guard finding.isOpen || isUnusual && finding.cause == .learningRateTooHigh,
      finding.severity >= .warning || finding.hasLearntLittle || isUnusual
    else { return finding }
    let forks = RemedyCatalog.forks(for: finding, run)
    guard let tried = try tried(forks, for: finding) else { return finding }
    guard let chosen = tried.chosen, let remedy = chosen.remedies.first else {
      let isStuck = finding.cause == .undetermined && finding.hasLearntLittle
      return isStuck ? try replay.withContradiction(finding, from: tried.place) : finding
    }
    guard finding.severity >= .warning || chosen.isWorth(beside: tried.control)
    else { return finding }
    let healed = finding.healed(by: remedy, isOpen: true).proved(by: chosen, beside: tried.control)
    return isHeldByRounding(remedy) ? healed.rounded : healed
  }

  /// Whether a higher rate helps because the weights' 16 bits round steps away.
  private func isHeldByRounding(_ remedy: Remedy) -> Bool {
    guard case .learningRate(let factor) = remedy, factor > 1 else { return false }
    return areMostWeights(\.standsStill)
  }

  /// Whether something is true of most weight matrices at the last look inside.
  private func areMostWeights(_ isTrue: (ParameterDetails) -> Bool) -> Bool {
    guard let matrices = record.steps.last(where: { $0.details != nil })?.details?.matrices
    else { return false }
    return 2 * matrices.count(where: isTrue) > matrices.count
  }

  /// Asks once, while the first state is held, what a run that has led nowhere would have come to at lower rates, as
  /// what steps have broken by then may be past mending, and at far higher ones, as it may not have moved.
  mutating func lookedBackAtTheStart() throws -> [Finding] {
    let loss = doctor.history.loss
    guard care.keepsSnapshots, run.steps == Self.leastSteps, doctor.history.first?.step == 0,
      let start = moments.all.first?.snapshot.steps, start == 0, let level = loss.recent.median,
      level > loss.first - (areWeightsThrown ? 0.25 : 0.1) * abs(loss.first),
      !doctor.findings.contains(where: { $0.severity >= .warning })
    else { return [] }
    let finding = Finding(
      .plateau, severity: .note, step: run.steps - 1, began: 0, confidence: 0.7,
      evidence: ["level": level, "start": loss.start], remedy: "")
    return try hear(missedByRate(finding).map { [$0.seenInside] } ?? [])
  }

  /// Whether weights have grown so far that steps have thrown them about.
  private var areWeightsThrown: Bool { doctor.history.weightGrowth ?? 0 > 4 }

  /// The finding with the rate that would have gained what the run has missed; nil where none would.
  private func missedByRate(_ finding: Finding) throws -> Finding? {
    func rates(_ factors: Double...) -> [Remedy] { factors.map { .learningRate(times: $0) } }
    guard let lower = try tried(rates(0.1, 0.01), for: finding) else { return nil }
    let control = lower.control
    if let remedy = lower.chosen?.remedies.first, let best = lower.trials.best,
      isMissed(best, beside: control)
    {
      return finding.healed(by: remedy, isOpen: true).proved(by: best, beside: control)
    }
    let fall = control.gain / abs(control.lossBefore)
    // What falls by more may be meant to be slow. Of weights in 16 bits it takes longer to tell what is rounded away.
    guard fall < 0.03, !areMostWeights({ $0.halfPrecision != nil }),
      let higher = try tried(rates(10, 100, 1000, 1e4), for: finding, beside: control),
      let chosen = higher.chosen, let remedy = chosen.remedies.first
    else { return nil }
    var found = finding.healed(by: remedy, isOpen: true)
    found.evidence = found.evidence.adding(["fall": fall])
    guard found.isBorneOut(by: chosen, beside: control) else { return nil }
    return found.proved(by: chosen, beside: control)
  }

  /// Whether the best of lower rates has gained what the run has missed. Slow starters gain somewhat by another rate;
  /// where one gains much, or where the run has gained nothing, it has missed what there is.
  private func isMissed(_ best: Trial, beside control: Trial) -> Bool {
    let gainsMuch =
      best.gain > 0.25 * abs(best.lossBefore) || areWeightsThrown && best.gain > 2 * control.gain
    let leadsNowhere = control.gain <= 0 && best.gain > 0.03 * abs(best.lossBefore)
    return gainsMuch && best.isWorth(beside: control) || leadsNowhere
  }

  /// Behind how many steps the start is looked back at.
  static var leastSteps: Int { 128 }

  /// Trials of remedies, from where the run was before a finding; nil where there is nothing to try, or nowhere from.
  ///
  /// - Parameter control: the run as it was, where it is known.
  private func tried(
    _ remedies: [Remedy], for finding: Finding, beside control: Trial? = nil
  ) throws -> Tried? {
    guard !remedies.isEmpty,
      let place = moments.healthyMoment(before: finding.step, by: finding.onsetDistance)
    else { return nil }
    let replay = replay
    let course = try replay.course(from: moments.moment(at: place), about: finding.origin)
    var tried = Tried(
      place: place, control: try control ?? replay.trial([], course),
      trials: try remedies.enumerated().map { number, remedy in
        willTry?(number + 1, [remedy])
        return try replay.trial([remedy], course)
      })
    if tried.chosen?.remedies == [.shuffling] {
      tried.trials = tried.trials.doubted(by: try replay.trial([.shuffling], course, attempt: 1))
    }
    return tried
  }

  private struct Tried {
    let place: RunMoments<Item>.Place
    let control: Trial
    var trials: [Trial]
    /// The one to believe in; nil where none is better than the control.
    var chosen: Trial? { trials.choice(beside: control) }
  }

  /// What was found before the first step and can be tried by now, with what trials say of it. What they do not bear
  /// out yet is tried once more along more steps.
  mutating func weighedExpectations() throws -> [Finding] {
    let count = expected.isEmpty ? 0 : moments.all.reduce(0) { $0 + $1.items.count }
    guard count >= min(expectedLength, moments.itemLimit) else { return [] }
    let due = expected
    let weighed = try due.map(weighed)
    takeExplained(weighed, of: due)
    let isLast = count >= min(Self.leastSteps, moments.itemLimit)
    expected = isLast ? [] : weighed.filter { $0.severity == .note && $0.mayBeWeighed }
    expectedLength = isLast ? Self.firstLength : Self.leastSteps
    return weighed
  }

  /// Along how many steps remedies for what was found before the first step are tried at first.
  static var firstLength: Int { 64 }

  /// A note whose cause is known, as a warning where a trial gains much by what it asks for.
  private func weighed(_ finding: Finding) throws -> Finding {
    guard finding.severity == .note, finding.mayBeWeighed else { return finding }
    let candidates = RemedyCatalog.candidates(for: finding, run, usualNorm: nil)
      .filter { $0.cause == finding.cause }
    guard let tried = try tried(candidates, for: finding) else { return finding }
    // Of a single change less says something than of many.
    let single = tried.trials.count == 1 ? tried.trials[0] : nil
    guard let chosen = tried.chosen ?? single, finding.isBorneOut(by: chosen, beside: tried.control)
    else { return finding }
    var proved = finding.proved(by: chosen, beside: tried.control)
    if let remedy = chosen.remedies.first { proved.remedy = "\(remedy)" }
    return proved
  }
}

extension Finding {
  /// How long before a finding its cause may have set in.
  ///
  /// - Units: steps.
  var onsetDistance: Int {
    switch symptom {
    case .learningRateJump: 0
    case .lossSpike, .nonFiniteLoss, .nonFiniteGradient, .explosion, .gradientGrowth: 8
    case .divergence, .oscillation: 64
    default: .max / 2
    }
  }

  /// Whether a note of its kind is harmless in most runs, and tells of a great loss in some.
  fileprivate var mayBeWeighed: Bool {
    cause == .schedule
      || [.slowConvergence, .clippingDominates, .unusualSetting].contains(symptom)
  }

  /// Whether it is a note that a replay may make more of.
  fileprivate var mayBeMore: Bool {
    [.oscillation, .plateau, .levelRise, .lossSpike].contains(symptom)
  }

  /// Whether nothing has told the cause but that steps were too large for something: the rate may have been right.
  fileprivate var isOpen: Bool {
    cause == .undetermined || cause == .learningRateTooHigh && !(evidence["curvature"] ?? 0 > 0.8)
  }

  /// The finding with the cause of what was found before it, where it follows from that.
  fileprivate func following(_ findings: [Finding]) -> Finding {
    guard let lead = findings.last(where: { leads(from: $0) }) else { return self }
    var finding = self
    // Labels of one class would be learned at once: others have come.
    let isOrder = lead.cause == .constantLabels
    finding.cause = isOrder ? .dataOrder : lead.cause
    (finding.nextTest, finding.remedy) = (nil, isOrder ? "\(Remedy.shuffling)" : lead.remedy)
    return finding
  }

  private func leads(from lead: Finding) -> Bool {
    let troubles: Set<Symptom> = [.explosion, .divergence, .lossSpike, .gradientGrowth]
    switch lead.cause {
    case .lostState: return troubles.contains(symptom) && (0..<50).contains(step - lead.step)
    case .constantLabels, .dataOrder:
      return (isOpen || cause == .dataShift)
        && troubles.union([.plateau, .levelRise]).contains(symptom)
    case .undetermined: return false
    default:
      // Steps that decay has the largest part in go where no gradient points.
      let isBlind = lead.cause == .weightDecay && cause == .learningRateTooHigh
      return (isOpen || isBlind) && !lead.isOpen && lead.severity >= .warning
        && lead.symptom.consequences.contains(symptom)
    }
  }

  /// The finding as sure as causes are that stand after a look inside of the run: three tenths of the doubt is left.
  ///
  /// - Source: `inject-faults` on the architectures that thresholds are fitted on; numbers alone leave the whole doubt.
  fileprivate var seenInside: Finding {
    guard severity >= .warning, cause != .undetermined else { return self }
    var finding = self
    finding.confidence = 1 - 0.3 * (1 - confidence)
    return finding
  }

  /// Whether losses stand still where they began.
  fileprivate var hasLearntLittle: Bool {
    guard symptom == .plateau, let level = evidence["level"], let start = evidence["start"] else {
      return false
    }
    return level > start - 0.1 * abs(start)
  }

  /// Whether no level of the losses was a twentieth below where they began; false where nobody knows.
  var hasNeverLearnt: Bool {
    guard let best = evidence["best_level"], let start = evidence["start"] else { return false }
    return best > start - 0.05 * abs(start)
  }

  /// The finding whose cause a trial has shown, beside the run as it was.
  fileprivate func proved(by trial: Trial, beside control: Trial) -> Finding {
    var finding = self
    (finding.severity, finding.confidence) = (max(severity, .warning), max(confidence, 0.9))
    finding.evidence = evidence.adding(
      ["loss_of_fork": trial.lossAfter, "loss_without": control.lossAfter])
    return finding
  }

  /// What a remedy that helped says of the cause, where nothing else told it.
  func healed(by remedy: Remedy, isOpen: Bool? = nil) -> Finding {
    guard isOpen ?? self.isOpen, let shown = remedy.cause, shown != cause else { return self }
    var finding = self
    (finding.cause, finding.nextTest, finding.remedy) = (shown, nil, "\(remedy)")
    return finding
  }
}

extension TrainingRun {
  /// What is to be said of a run that goes on without what its optimizer had kept; nil where nothing is missing.
  var lostState: Finding? {
    guard updates > 0, optimizer.states.isEmpty, !optimizer.slots(for: [1]).isEmpty else {
      return nil
    }
    return Finding(
      .resumeJump, cause: .lostState, severity: .warning, step: steps, confidence: 0.98,
      evidence: ["updates": Double(updates)],
      remedy:
        "restore the optimizer's state with the weights: it starts anew after \(updates) updates")
  }
}
