internal import TrainingKit

extension Replay {
  /// The finding with the cause that a replay shows, where it shows one.
  ///
  /// - Parameter item: what the step of the finding was taken on.
  func explained(_ finding: Finding, item: Item) throws -> Finding {
    switch finding.symptom {
    case .nonFiniteLoss, .nonFiniteGradient: try withOrigin(finding, item)
    case .skippedSteps where finding.cause == .undetermined: try withOrigin(finding, item)
    case .lossSpike where finding.severity == .note: try withOutlier(finding) ?? finding
    case .lossSpike, .explosion:
      try withOutlier(finding) ?? withOrder(finding) ?? withOtherData(finding)
        ?? withStepSize(finding)
    case .levelRise where finding.cause == .undetermined: try withOtherData(finding) ?? finding
    case .divergence, .plateau: try withOtherData(finding) ?? withStepSize(finding)
    case .gradientGrowth, .oscillation: try withStepSize(finding)
    case .vanishingGradients, .noGradient, .frozenParameter: try withUnderflow(finding, item)
    case .modeMismatch: try withSpoiledStatistics(finding, item)
    default: finding
    }
  }

  private func withOrigin(_ finding: Finding, _ item: Item) throws -> Finding {
    guard let origin = try nonFiniteOrigin(of: item, step: finding.step) else { return finding }
    var finding = finding
    finding.place = origin.place
    finding.evidence = finding.evidence.adding(origin.evidence)
    guard origin.cause != .undetermined else { return finding }
    (finding.cause, finding.nextTest) = (origin.cause, nil)
    finding.confidence = max(finding.confidence, 0.95)
    if let first = origin.remedies.first { finding.remedy = "\(first)" }
    guard origin.cause == .badInput else { return finding }
    return examples.naming(finding, item, try nonFiniteExamples(of: item))
  }

  /// What the step of a finding was taken on, which may be told some steps later, and the items before it; nil where it
  /// is no longer held.
  private func suspect(
    of finding: Finding, since place: RunMoments<Item>.Place
  ) -> (item: Item, before: ArraySlice<Item>, behind: ArraySlice<Item>)? {
    let items = moments.items(since: place)
    let index = finding.step - moments[place].snapshot.steps
    guard items.indices.contains(index) else { return nil }
    return (items[index], items[..<index], items[(index + 1)...])
  }

  /// Compares the loss of the suspect item with those of items before it, or behind it where there are too few, all
  /// with the weights of an earlier state.
  func withOutlier(_ finding: Finding) throws -> Finding? {
    guard let moment = moments.moment(before: finding.step, by: 8),
      let (item, before, behind) = suspect(of: finding, since: moment)
    else { return nil }
    let others = before.count < 6 ? Array(before + behind.prefix(12)) : before.suffix(12)
    guard others.count >= 6 else { return nil }
    let (own, losses, worst) = try run.undone { run in
      try run.restore(moments[moment].snapshot)
      let own = try run.lossInEvaluation { try loss($0, item) }
      let losses = try others.map { item in try run.lossInEvaluation { try loss($0, item) } }
      return (own, losses, try worstExamples(of: item, beside: others.suffix(4), in: run))
    }
    let level = losses.median
    let spread = losses.map { abs($0 - level) }.median
    guard own.isFinite, own - level > max(10 * spread, 0.5 * abs(level)) else { return nil }
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.dataOutlier, nil, 0.9)
    found.evidence = found.evidence.adding(
      [
        "loss_at_earlier_weights": own, "other_batches_there": level,
        "worst_example": worst.first?.loss,
      ])
    found.remedy = "\(Remedy.skipping(step: finding.step)), and look at its data"
    return examples.naming(found, item, worst.map(\.place))
  }

  /// Asks whether what was learned of the items before has undone what was known of this one: then those are alike, and
  /// this one is not.
  private func withOrder(_ finding: Finding) throws -> Finding? {
    guard let moment = moments.moment(before: finding.step, by: 8),
      let (item, items, _) = suspect(of: finding, since: moment)
    else { return nil }
    let others = items.suffix(6)
    guard others.count == 6 else { return nil }
    let (before, after) = try run.undone { run in
      func losses() throws -> (own: Double, others: Double) {
        let all = try others.map { item in try run.lossInEvaluation { try loss($0, item) } }
        return (try run.lossInEvaluation { try loss($0, item) }, all.max()!)
      }
      try run.restore(moments[moment].snapshot)
      let before = try losses()
      for item in items { _ = try? loss.step(&run, item) }
      return (before, try losses())
    }
    guard before.own > 0, after.own > 2 * before.own, after.others < 0.5 * before.others else {
      return nil
    }
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.dataOrder, nil, 0.9)
    found.evidence = found.evidence.adding([
      "loss_before_the_others": before.own, "loss_behind_them": after.own,
      "their_loss": after.others,
    ])
    found.remedy = "\(Remedy.shuffling): the batches before were alike, and this one is unlike them"
    return found
  }

  /// Compares the losses of items with the weights of an earlier state, which have seen none of them: where they rise
  /// from an item on, the data have changed there.
  private func withOtherData(_ finding: Finding) throws -> Finding? {
    for place in moments.all.indices.reversed() {
      let known = finding.symptom == .levelRise ? finding.step : nil
      guard let (step, rise) = try riseOfLosses(from: place, at: known) else { continue }
      var found = finding
      (found.cause, found.nextTest, found.confidence) = (.dataShift, nil, 0.9)
      found.severity = max(found.severity, .warning)
      found.began = step < found.step ? step : nil
      found.evidence = found.evidence.adding([
        "other_data_from_step": Double(step), "their_loss_at_earlier_weights": rise.after,
        "loss_of_those_before": rise.before, "errors_at_earlier_weights": rise.errors,
      ])
      found.remedy =
        "look at inputs and labels from about step \(step) on: they are not what those before were"
      return found
    }
    return nil
  }

  /// Where the losses of the items since a state rise, computed with its weights; nil where they do not.
  ///
  /// - Parameter step: where it is known that they rose when they were trained on: less says something there.
  private func riseOfLosses(
    from place: Int, at step: Int?
  ) throws -> (step: Int, rise: ShiftOfMean)? {
    let moment = moments.all[place]
    let items = moments.items(since: .last(place))
    let stride = max(1, (items.count + Self.comparedCount - 1) / Self.comparedCount)
    let chosen = Array(Swift.stride(from: 0, to: items.count, by: stride))
    guard chosen.count >= 16 else { return nil }
    let losses = try run.undone { run in
      try run.restore(moment.snapshot)
      return try chosen.map { place in
        try run.lossInEvaluation { try loss($0, items[place]) }
      }
    }
    let index = step.map { step in chosen.count { moment.snapshot.steps + $0 < step } }
    let found = ShiftOfMean(losses, least: 6).flatMap { $0.errors > 5 ? $0 : nil }
    let known = index.flatMap { ShiftOfMean(losses, at: $0, least: 6) }
      .flatMap { $0.errors > 3 ? $0 : nil }
    guard let rise = found ?? known, rise.after - rise.before > 0.025 * abs(rise.before)
    else { return nil }
    return (moment.snapshot.steps + chosen[rise.place], rise)
  }

  /// How many items at most are compared with each other.
  private static var comparedCount: Int { 64 }

  /// Compares the gradients of the item in float16 with those in float32.
  private func withUnderflow(_ finding: Finding, _ item: Item) throws -> Finding {
    guard run.precision.autocastType == .float16 else { return finding }
    let zeros = try [run.precision, Precision.full].map { (precision: Precision) -> Double in
      try run.undone { run -> Double in
        run.precision = precision
        run.schedule = .constant(0)
        // A run that is stuck tells nothing.
        let statistics = (try? loss.step(&run, item))?.report.clipping?.statistics
        let shares = run.model.parameters.compactMap { statistics?[$0.path]?.zeroShare }
        return shares.isEmpty ? .nan : shares.reduce(0, +) / Double(shares.count)
      }
    }
    guard zeros[0] > zeros[1] + 0.2 else { return finding }
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.rounding, nil, 0.95)
    found.evidence = found.evidence.adding(
      ["zero_share": zeros[0], "zero_share_in_float32": zeros[1]])
    found.remedy = "\(Remedy.bfloat16), or with a loss scale that may grow"
    return found
  }

  /// Asks, where losses stand still, whether the model can learn a single item by heart: labels that do not follow from
  /// inputs can be learned no other way.
  func withContradiction(_ finding: Finding, from place: RunMoments<Item>.Place) throws -> Finding {
    guard let item = moments.items(since: place).first else { return finding }
    let losses = try run.undone { run in
      try run.restore(moments[place].snapshot)
      let before = try run.lossInEvaluation { try loss($0, item) }
      let isWhole = try follow(&run, Array(repeating: item, count: Self.memoryLength))
      return (before, isWhole ? try run.lossInEvaluation { try loss($0, item) } : .infinity)
    }
    guard losses.1 < 0.5 * losses.0 else { return finding }
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.gradientNoise, nil, 0.8)
    // It has learned next to nothing of all batches in all its time, and all of one. Before its end it may be slow.
    let (isOver, trend) = (
      finding.evidence["best_step"] != nil, finding.evidence["trend"] ?? -.infinity
    )
    if finding.hasNeverLearnt, isOver || trend > -1 {
      found.severity = max(found.severity, .warning)
    }
    found.evidence = found.evidence.adding(
      ["loss_of_one_batch": losses.0, "loss_of_it_by_heart": losses.1])
    found.remedy =
      "look whether labels belong to their inputs: one batch can be learned by heart, and no rate helps with all"
    return found
  }

  /// How many steps an item is learned by heart in.
  private static var memoryLength: Int { 100 }
}
