/// Losses and gradients that leave all bounds.
///
/// - Finds: by two signals, a loss above twice its recent median, with a fifth of what was gained lost, together with a
///   norm above thirty times its own; by persistence, two of three losses at twice the highest level so far, together
///   with norms above twice their median; without norms, at four times that level; within the first steps, two losses
///   in a row at ten times the first; and a run that ends at ten times its median.
/// - Source: rules B, C and D, measured on AlgoPerf logs: thresholds relative to the run's own history.
public struct Explosion: Analyzer {
  /// `explosion`
  public static let name = "explosion"

  /// Creates the analyzer.
  public init() {}

  /// Compares loss and norm with their history.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let loss = step.loss, loss.isFinite else { return nil }
    if let finding = atTheStart(step, loss, history) { return finding }
    guard let ratio = history.loss.ratio(of: loss), let median = history.loss.recent.median else {
      return nil
    }
    let norm = step.gradientNorm.map { $0.isFinite ? $0 : .infinity }
    let normRatio = norm.flatMap { history.gradientNorm.ratio(of: $0, least: 3) }
    // Near zero a loss is many times another where little is lost.
    let isJump =
      ratio >= 2 && normRatio ?? 0 >= 30
      && loss - median >= 0.2 * (history.loss.origin - history.loss.lowest)
    guard isJump || isNewHeight(loss, norm, ratio, history) else { return nil }
    return finding(
      step, history,
      [
        "loss": loss, "loss_ratio": ratio, "norm_ratio": normRatio, "median_loss": median,
        "highest_before": history.loss.peak,
      ], confidence: isJump ? 0.97 : 0.95)
  }

  /// Compares the last loss with what went before: nobody will see whether it comes back.
  public mutating func conclude(_ history: RunHistory) -> Finding? {
    guard let (step, loss) = history.loss.last, step == history.previous?.step,
      let ratio = history.loss.ratio(of: loss, least: 6), ratio >= 10, let last = history.previous,
      loss >= 2 * history.loss.peak
    else { return nil }
    return finding(
      last, history, ["loss": loss, "loss_ratio": ratio, "highest_before": history.loss.peak],
      confidence: 0.8)
  }

  /// Compares with the first loss while there are too few for a median: two in a row at ten times.
  private func atTheStart(
    _ step: StepRecord, _ loss: Double, _ history: RunHistory
  ) -> Finding? {
    let losses = history.loss
    guard (2..<6).contains(losses.count), let last = losses.last?.value, losses.first > 0,
      min(loss, last) >= 10 * losses.first
    else { return nil }
    return finding(
      step, history, ["loss": loss, "first_loss": losses.first, "loss_ratio": loss / losses.first],
      confidence: 0.9)
  }

  /// Whether two of the last three losses are far above whatever the run has been through.
  private func isNewHeight(
    _ loss: Double, _ norm: Double?, _ ratio: Double, _ history: RunHistory
  ) -> Bool {
    let losses = history.loss
    // Below zero the way up is measured from the lowest loss.
    let floor = losses.lowest > 0 ? 0 : losses.lowest
    guard ratio >= 2 else { return false }
    // Where losses of that size come alone now and then, two of them mean little.
    let highest = max(losses.peak, losses.recent.values.dropLast(8).max() ?? losses.peak)
    let height = (losses.middle(with: loss) - floor) / (highest - floor)
    guard height.isFinite else { return false }
    guard let norm, history.gradientNorm.count >= 3 else { return height >= 4 }
    let middle = history.gradientNorm.middle(with: norm)
    return height >= 2 && history.gradientNorm.ratio(of: middle, least: 3) ?? 0 >= 2
  }

  private func finding(
    _ step: StepRecord, _ history: RunHistory, _ evidence: Evidence, confidence: Double
  ) -> Finding {
    Finding(
      .explosion, cause: .learningRateTooHigh, severity: .fault, step: step.step,
      began: history.climb(to: step.step), confidence: confidence, evidence: evidence,
      remedy: history.count < 200
        ? "go back to the start with a lower learning rate or a longer warm-up; clip the global norm"
        : "go back to a checkpoint before this step, skip its batches, and lower the learning rate; "
          + "clip the global norm",
      nextTest:
        "repeat the step from the checkpoint with another batch: exploding again, it is the state",
      sources: ["BLOOM-176B chronicles", "Pascanu et al. 2013, arXiv:1211.5063"])
  }
}
