internal import TrainingKit

extension Replay {
  /// The finding with the cause that a replay shows, where it shows one.
  ///
  /// - Parameter item: what the step of the finding was taken on.
  func explained(_ finding: Finding, item: Item) throws -> Finding {
    switch finding.symptom {
    case .nonFiniteLoss, .nonFiniteGradient: try withOrigin(finding, item)
    case .skippedSteps where finding.cause == .undetermined: try withOrigin(finding, item)
    case .lossSpike, .explosion: try withOutlier(finding, item) ?? withStepSize(finding)
    case .gradientGrowth, .divergence, .oscillation, .plateau: try withStepSize(finding)
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
    return finding
  }

  /// Compares the loss of the suspect item with those of items before it, all with the weights of an earlier state.
  private func withOutlier(_ finding: Finding, _ item: Item) throws -> Finding? {
    guard let moment = moments.moment(before: finding.step, by: 1) else { return nil }
    let others = moments.items(since: moment).dropLast().suffix(12)
    guard others.count >= 6 else { return nil }
    let (own, losses) = try run.undone { run in
      try run.restore(moments[moment].snapshot)
      let own = try run.lossInEvaluation { try loss($0, item) }
      return (own, try others.map { item in try run.lossInEvaluation { try loss($0, item) } })
    }
    let level = losses.median
    let spread = losses.map { abs($0 - level) }.median
    guard own.isFinite, own - level > max(10 * spread, 0.5 * abs(level)) else { return nil }
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.dataOutlier, nil, 0.9)
    found.evidence = found.evidence.adding(
      ["loss_at_earlier_weights": own, "other_batches_there": level])
    found.remedy = "\(Remedy.skipping(step: finding.step)), and look at its data"
    return found
  }

  /// Asks whether steps overshoot what they meet on their own batch.
  private func withStepSize(_ finding: Finding) throws -> Finding {
    guard let moment = moments.moment(before: finding.step, by: 8) else { return finding }
    let steps = try ownBatchSteps(from: moment, count: 8)
    let curvatures = steps.compactMap(\.curvature)
    guard steps.count >= 3, curvatures.count * 2 >= steps.count else { return finding }
    let curvature = curvatures.median
    let rising = Double(steps.count { !($0.after <= $0.before) }) / Double(steps.count)
    var found = finding
    found.evidence = found.evidence.adding(
      ["curvature": curvature, "own_batch_rises": rising])
    if curvature > 2, rising >= 0.5 {
      (found.cause, found.nextTest, found.confidence) = (.learningRateTooHigh, nil, 0.9)
      found.severity = max(found.severity, .warning)
    } else if curvature > 0.8, finding.symptom == .oscillation {
      // A step that goes to the minimum of its own batch forgets the others.
      (found.cause, found.nextTest, found.confidence) = (.learningRateTooHigh, nil, 0.75)
      found.severity = max(found.severity, .warning)
    } else if curvature < 0.8, rising < 0.25, finding.symptom == .oscillation {
      (found.cause, found.nextTest, found.confidence) = (.gradientNoise, nil, 0.85)
      found.remedy = "take larger batches, average the weights, or let the learning rate decay"
    }
    return found
  }
}
