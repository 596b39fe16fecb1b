internal import TrainingKit

extension Replay {
  /// Asks whether steps overshoot what they meet on their own batch, or batches differ by more than a step gains.
  func withStepSize(_ finding: Finding) throws -> Finding {
    guard let moment = moments.moment(before: finding.step, by: 8) else { return finding }
    let steps = try ownBatchSteps(from: moment, count: 8)
    guard steps.count >= 3 else { return finding }
    let curvatures = steps.compactMap(\.curvature)
    let curvature = curvatures.count * 2 >= steps.count ? curvatures.median : nil
    let rising = Double(steps.count { !($0.after <= $0.before) }) / Double(steps.count)
    var found = finding
    found.evidence = found.evidence.adding(["curvature": curvature, "own_batch_rises": rising])
    if let curvature, curvature > 2, rising >= 0.5 { return found.tooFast(0.9) }
    let noise = try gradientNoise(from: moment, count: 8)
    if let noise { found.evidence = found.evidence.adding(noise.evidence) }
    if let curvature, finding.symptom == .oscillation {
      // A step that goes to the minimum of its own batch forgets the others.
      if curvature > 0.8 { return found.tooFast(0.75) }
      if curvature < 0.8, rising < 0.25 { return noisy(found, noise, 0.85) }
    }
    guard let noise, let bend = try bend(from: moment) else { return found }
    found.evidence = found.evidence.adding(
      ["bend": bend.median, "hessian_products": Double(bend.products)])
    if bend.median > 2, rising >= 0.5, noise.scale < 1 { return found.tooFast(0.75) }
    guard finding.symptom == .oscillation, bend.median < 0.8, noise.scale > 4 else { return found }
    return noisy(found, noise, 0.7)
  }

  /// How far the loss bends along steps, beside its slope along them, uphill or down; nil of too few steps.
  ///
  /// It is told by the product of the Hessian with the step, or by the Taylor series where there are no second
  /// derivatives: then there are no such products.
  private func bend(
    from place: RunMoments<Item>.Place
  ) throws -> (median: Double, products: Int)? {
    let steps = try ownBatchSteps(from: place, count: 4, looksTwice: true)
    let exact = steps.compactMap(\.bendOfHessian)
    let known = exact.count >= 3 ? exact : steps.compactMap(\.bend)
    return known.count >= 3 ? (known.median, exact.count >= 3 ? exact.count : 0) : nil
  }

  private func noisy(
    _ finding: Finding, _ noise: GradientNoise?, _ confidence: Double
  ) -> Finding {
    var found = finding
    (found.cause, found.nextTest, found.confidence) = (.gradientNoise, nil, confidence)
    let size = moments.all.last?.items.last.flatMap(examples.identity)?.examples.count ?? 0
    found.remedy =
      noise?.remedy(size: size)
      ?? "take larger batches, average the weights, or let the learning rate decay"
    return found
  }
}

extension Finding {
  /// The finding of a learning rate that is too high, which is no mere note.
  fileprivate func tooFast(_ confidence: Double) -> Finding {
    var found = self
    (found.cause, found.nextTest, found.confidence) = (.learningRateTooHigh, nil, confidence)
    found.severity = max(severity, .warning)
    return found
  }
}
