/// Losses that leave their level for some steps and return.
///
/// - Finds: a loss far above its level that is back within three steps, as a note: mostly an unusual batch; and one
///   that is still far above it after ten, as a warning: that step did damage.
public struct LossSpike: Analyzer {
  /// `loss-spike`
  public static let name = "loss-spike"

  /// What is known of a spike that is going on.
  private struct Spike {
    let step: Int
    let loss, level, threshold, damage: Double
    var height: Double
    var length = 1
    let normRatio: Double?
  }

  private var spike: Spike?

  /// Creates the analyzer.
  public init() {}

  /// Follows a spike, or looks for one.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let loss = step.loss, loss.isFinite else {
      spike = nil
      return nil
    }
    guard var current = spike else {
      spike = beginning(at: step, loss, history)
      return nil
    }
    guard loss > current.threshold else {
      defer { spike = nil }
      return current.length <= 3 ? returned(current) : nil
    }
    current.length += 1
    current.height = max(current.height, loss)
    spike = current
    if current.length < 10 { return nil }
    spike = nil
    // Gradients tell damage from a new level that a schedule or other data have brought.
    guard loss >= current.damage, current.normRatio ?? 5 >= 5 else { return nil }
    return lasting(current, now: loss)
  }

  private func beginning(at step: StepRecord, _ loss: Double, _ history: RunHistory) -> Spike? {
    let losses = history.loss
    guard losses.count >= 32, let level = losses.recent.median, let highest = losses.recent.maximum
    else { return nil }
    let magnitude = losses.magnitude(of: level)
    let rise = loss - level
    // The deviation comes last, as it takes longest.
    guard rise > 0.3 * magnitude, rise > 1.5 * (highest - level),
      let deviation = losses.recent.deviation, rise > 8 * deviation
    else { return nil }
    return Spike(
      step: step.step, loss: loss, level: level, threshold: level + 0.25 * rise,
      damage: level + max(0.6 * rise, magnitude, 0.5 * (losses.start - level)), height: loss,
      normRatio: step.gradientNorm.flatMap { history.gradientNorm.ratio(of: $0) })
  }

  private func returned(_ spike: Spike) -> Finding {
    Finding(
      .lossSpike, cause: .undetermined, severity: .note, step: spike.step, confidence: 0.9,
      evidence: evidence(spike, ["steps": Double(spike.length)]),
      remedy: "none, if it stays a single one; look at the batch",
      nextTest:
        "evaluate the batch at older weights: as high there, it is the data (\(Cause.dataOutlier))",
      sources: ["modded-nanogpt logs: other optimizers spike at the same batches"])
  }

  private func lasting(_ spike: Spike, now loss: Double) -> Finding {
    Finding(
      .lossSpike, severity: .warning, step: spike.step, confidence: 0.8,
      evidence: evidence(spike, ["loss_after_10_steps": loss]),
      remedy: "go back to a checkpoint before the spike and skip its batches; clip the global norm",
      nextTest:
        "evaluate the batch at older weights: as high there, it is the data; else the state",
      sources: ["PaLM, arXiv:2204.02311"])
  }

  private func evidence(_ spike: Spike, _ more: Evidence) -> Evidence {
    Evidence(
      [
        ("loss", spike.height), ("level_before", spike.level), ("norm_ratio", spike.normRatio),
      ] + more.entries.map { ($0.name, $0.value) })
  }
}
