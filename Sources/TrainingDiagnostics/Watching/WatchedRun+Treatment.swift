internal import TrainingKit

extension WatchedRun {
  /// Does about findings what the care says; the treatment, where there was one.
  mutating func respond(to findings: [Finding]) throws -> Treatment? {
    guard care.keepsSnapshots, treatments.count < care.treatmentLimit || course != nil else {
      return nil
    }
    // The gravest that something can be done about.
    for finding in findings.ranked {
      switch care.response(to: finding.severity) {
      case .treat:
        guard let course = courseOfTreatment(for: finding) else { continue }
        let candidates = try candidates(for: finding, course)
        if candidates.isEmpty { continue }
        self.course = course
        return try treat(finding, candidates)
      case .rollBack: return try rollBack(finding)
      case .note, .warn, .pause, .stop: break
      }
    }
    return nil
  }

  /// The treatment under way where it began before the trouble, or a new one; nil where there is nowhere to go back to.
  private func courseOfTreatment(for finding: Finding) -> TreatmentCourse<Item>? {
    if let course, course.base.snapshot.steps <= finding.origin { return course }
    guard treatments.count < care.treatmentLimit else { return nil }
    guard let place = moments.healthyMoment(before: finding.step, by: finding.onsetDistance) else {
      return nil
    }
    var course = TreatmentCourse(finding, from: moments.moment(at: place))
    if let start = moments.start, start.snapshot.steps < course.base.snapshot.steps,
      finding.onsetDistance > 0
    {
      course.start = start
    }
    return course
  }

  /// Which remedies there are for the run as it stood where the treatment begins.
  private func candidates(
    for finding: Finding, _ course: TreatmentCourse<Item>
  ) throws -> [Remedy] {
    try run.undone { run in
      try run.restore(course.base.snapshot)
      return RemedyCatalog.candidates(for: finding, run, usualNorm: usualNorm)
    }
  }

  /// Weighs the remedies of the treatment under way again, where that is due.
  mutating func reviewedTreatment() throws -> Treatment? {
    guard let course, course.isDue else { return nil }
    let treatment = try treat(course.finding, candidates(for: course.finding, course))
    self.course?.endReview()
    if self.course?.isOver == true { self.course = nil }
    return treatment
  }

  /// Goes on where a step has thrown that the run is stuck, with remedies under which it is not; nil where there are
  /// none.
  mutating func rescued(_ item: Item) throws -> (Treatment, StepOutcome)? {
    let before = course
    // What the treatment under way is for may be forgotten where the run was taken back to.
    let findings = doctor.diagnosis().findings + (course.map { [$0.finding] } ?? [])
    for finding in findings
    where care.response(to: finding.severity) == .treat {
      guard var course = courseOfTreatment(for: finding) else { continue }
      course.base.items.append(item)
      let candidates = try candidates(for: finding, course)
      self.course = course
      if !candidates.isEmpty, let treatment = try treat(finding, candidates, isStuck: true),
        let lastOutcome
      {
        return (treatment, lastOutcome)
      }
      self.course = before
    }
    return nil
  }

  /// Tries what may help, alone and beside what the run was given before, and applies what does.
  private mutating func treat(
    _ finding: Finding, _ candidates: [Remedy], isStuck: Bool = false
  ) throws -> Treatment? {
    guard var course else { return nil }
    let given = course.remedies
    var sets = candidates.map { [$0] }
    if !given.isEmpty {
      sets = [given] + sets + candidates.filter { $0.goesBeside(given) }.map { given + [$0] }
    }
    var tried = try search(sets, from: course.base, about: finding.origin, isStuck: isStuck)
    // What was broken early may be past mending.
    if var start = course.start {
      start.items = course.base.items
      // It does not know the batch of a step by its number.
      let sets = sets.filter { !$0.contains { $0.skips(finding.origin) } }
      let others = try search(sets, from: start, about: finding.origin, isStuck: isStuck)
      if let other = others.best, tried.best.map({ other.isBetter(than: $0) }) ?? true {
        (course.base, course.start, tried) = (start, nil, others)
      }
    }
    let standing = tried.trials.first { $0.remedies == given } ?? tried.control
    // What was given stays, unless the run does better without.
    let without = tried.control.isAhead(of: standing) ? tried.control : standing
    guard
      let chosen = tried.best ?? tried.setting(for: finding)
        ?? (without.lossAfter.isFinite ? without : nil)
    else { return nil }
    let startsOver = course.base.snapshot.steps < self.course!.base.snapshot.steps
    guard startsOver || chosen.remedies != given && !standing.isAhead(of: chosen) else {
      return nil
    }
    let remedies = chosen.remedies
    return try apply(
      Treatment(
        finding: remedies.first.map { course.finding.healed(by: $0) } ?? course.finding,
        remedies: remedies, from: course.base.snapshot.steps, control: tried.control,
        trials: tried.trials, isReview: course.isTreated), course)
  }

  private struct Search {
    let control: Trial
    var trials: [Trial] = []
    /// Nil where nothing is better than the control.
    var best: Trial? { trials.treatment(beside: control) }
    /// What puts a number of the optimizer right that is known to be wrong, unless the run does worse with it.
    func setting(for finding: Finding) -> Trial? {
      guard finding.cause == .optimizer, finding.severity >= .warning else { return nil }
      return trials.first { $0.isOfTheOptimizer && $0.lossAfter < control.lossAfter }
    }
    /// Around which learning rates others are tried: the best, or the lowest where all were too high.
    var center: [Remedy]? {
      if best != nil || control.lossAfter.isFinite { return best?.remedies }
      return trials.map(\.remedies).filter { $0.rateFactor < 1 }
        .min { $0.rateFactor < $1.rateFactor }
    }
  }

  /// Tries remedies, and learning rates around those of the best of them.
  ///
  /// - Parameter isStuck: whether the run could not go on as it was. Then nothing is held out, as all that made it so
  ///   may be needed.
  private func search(
    _ sets: [[Remedy]], from base: RunMoment<Item>, about step: Int, isStuck: Bool
  ) throws -> Search {
    let replay = replay
    let course = try replay.course(from: base, about: step, holdsOut: !isStuck)
    var search = Search(control: try replay.trial([], course))
    func take(_ remedies: [Remedy]) throws {
      if search.trials.contains(where: { $0.remedies.isLike(remedies) }) { return }
      willTry?(search.trials.count + 1, remedies)
      search.trials.append(try replay.trial(remedies, course))
    }
    for remedies in sets { try take(remedies) }
    // Few items are soon learned by heart, the sooner the higher the rate.
    guard course.isHeldOut else { return search }
    // Most healthy runs would gain for a while by a higher rate.
    let mayRise = sets.contains { $0.rateFactor > 1 }
    for _ in 0..<Self.mostNeighbors {
      guard let best = search.center else { break }
      let before = search.trials.count
      for neighbor in best.neighbors
      where !neighbor.isEmpty && (mayRise || neighbor.rateFactor <= 1) { try take(neighbor) }
      if search.trials.count == before { break }
    }
    return search
  }

  /// How often rates around the best are tried, as the best moves.
  private static var mostNeighbors: Int { 6 }

  /// Leaves the batch of the finding out, whatever it leads to.
  private mutating func rollBack(_ finding: Finding) throws -> Treatment? {
    guard let place = moments.moment(before: finding.step, by: 1) else { return nil }
    let course = TreatmentCourse(finding, from: moments.moment(at: place))
    let remedies = [Remedy.skipping(step: finding.step)]
    let replay = replay
    let trials = try replay.course(from: course.base, about: finding.origin, holdsOut: true)
    let (control, trial) = (try replay.trial([], trials), try replay.trial(remedies, trials))
    defer { self.course = nil }
    return try apply(
      Treatment(
        finding: finding, remedies: remedies, from: course.base.snapshot.steps, control: control,
        trials: [trial], isReview: false), course)
  }

  /// Takes the run back, changes it, and trains it on the same items once more. All is as before when that fails.
  private mutating func apply(
    _ treatment: Treatment, _ course: TreatmentCourse<Item>
  ) throws -> Treatment {
    let (before, snapshot) = (self, run.snapshot())
    var (treatment, course) = (treatment, course)
    if treatment.isReview, let last = treatments.last {
      treatment.rateBefore = last.rateBefore
    } else {
      treatment.rateBefore = treatments.rateFactor
    }
    self.course = nil
    do {
      try goBack(to: course.base)
      changeRun { run in treatment.remedies.forEach { $0.apply(to: &run) } }
      for (place, item) in course.base.items.enumerated()
      where !treatment.remedies.contains(where: { $0.skips(treatment.from + place) }) {
        try observeAgain(item)
      }
    } catch {
      self = before
      try changeRun { try $0.restore(snapshot) }
      throw error
    }
    keep(treatment)
    (course.remedies, course.isTreated) = (treatment.remedies, true)
    // What a batch that is left out does is no matter of more steps.
    let isDone = treatment.remedies.contains {
      if case .patience = $0 { true } else { $0.skips(treatment.finding.origin) }
    }
    self.course = isDone ? nil : course
    return treatment
  }

  /// The level of the gradients' norm before the trouble; nil where nobody knows it.
  private var usualNorm: Double? {
    moments.all.compactMap(\.doctor.history.gradientNorm.recent.median).first { $0 > 0 }
      ?? doctor.history.gradientNorm.recent.median.flatMap { $0 > 0 ? $0 : nil }
  }
}

extension Finding {
  /// The step that it began with, as far as it is known.
  var origin: Int { began ?? step }
}

extension Remedy {
  /// Whether it can be given beside others, of which none is of its kind.
  fileprivate func goesBeside(_ others: [Remedy]) -> Bool {
    switch self {
    case .noWeightDecay, .optimizerNumber, .noClipping, .patience, .compensatedRounding:
      !others.contains(self)
    case .initialization: !others.contains { if case .initialization = $0 { true } else { false } }
    default: false
    }
  }
}
