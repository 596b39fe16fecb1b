/// A learning rate that was highest in the first steps, and threw the loss up there.
///
/// - Finds: losses that rose far above the first one while the rate was three times as high as it has been since, for
///   three times as many steps, or somewhat, and are not below it by now, a warning; and those that had hardly fallen
///   by the end of the high rate, a note, of which a trial with lower first rates tells what they have cost.
/// - Source: Goyal et al. 2017, arXiv:1706.02677, on warm-up.
public struct EarlyRate: Analyzer {
  /// `early-rate`
  public static let name = "early-rate"
  private var peak = 0.0
  /// The steps at no less than a third of the peak; nil once that is over for good.
  private var length = 0
  private var steps = 0
  private var highest = -Double.infinity
  /// The last losses at that height.
  private var losses = Window(capacity: 8)
  private var isOver = false

  /// Creates the analyzer.
  public init() {}

  /// Follows the rate and the losses of its height.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard !isOver, let rate = step.learningRate, rate.isFinite, let loss = step.loss else {
      return nil
    }
    steps += 1
    peak = max(peak, rate)
    if 3 * rate > peak {
      length = steps
      if steps > 1, loss.isFinite { highest = max(highest, history.loss.middle(with: loss)) }
      losses.append(loss)
      return nil
    }
    guard steps >= 4 * length + 16 else { return nil }
    isOver = true
    let first = history.loss.first
    let isThrown = isThrown(from: first, history.loss)
    guard isThrown || losses.median ?? -.infinity > first - 0.2 * abs(first) else { return nil }
    return Finding(
      isThrown ? .explosion : .plateau, cause: .schedule, severity: isThrown ? .warning : .note,
      step: history.first?.step ?? 0, confidence: isThrown ? 0.85 : 0.5,
      evidence: [
        "loss": highest, "first_loss": first, "rate_at_first": peak, "rate_since": rate,
        "steps_at_it": Double(length), "loss_now": loss,
      ],
      remedy: "start again with a warm-up: the rate of the first steps threw the weights off",
      nextTest: isThrown ? nil : "from the start, train with first rates as high as those since")
  }

  /// Whether losses rose far above the first one, or by more than their noise and have gained nothing since.
  private func isThrown(from first: Double, _ losses: Series) -> Bool {
    let (rise, magnitude) = (highest - first, losses.magnitude(of: first))
    if rise > 0.3 * magnitude { return true }
    let now = Array(losses.recent.values.suffix(16))
    let noise = Trend(now).noise
    return rise > max(0.05 * magnitude, 3 * noise) && now.median > first - 0.05 * magnitude
  }
}
