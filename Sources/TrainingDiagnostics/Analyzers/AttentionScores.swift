/// Attention whose scores grow until one key takes all, and no gradient is left.
///
/// - Finds: the largest score of a layer at ten times its first level and above 100, rising in three examinations in a
///   row, while the loss is above its best; beyond 1000, and at a hundred times the first level, whatever the loss
///   does. Scores of healthy models grow, too, but level off: a softmax is as good as settled by far less.
/// - Source: Dehghani et al. 2023, arXiv:2302.05442, and Zhai et al. 2023, arXiv:2303.06296, on entropy collapse.
public struct AttentionScores: Analyzer {
  /// `attention-scores`
  public static let name = "attention-scores"
  private var streaks = Streaks()
  private var levels: [String: (first: Double, last: Double)] = [:]

  /// Creates the analyzer.
  public init() {}

  /// Compares the scores of every layer with those before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    var worst: (place: String, first: Double, now: Double)?
    for (place, scores) in details.innerValues(\.largestScore) {
      guard let now = scores.max(), now > 0 else { continue }
      let before = levels[place] ?? (now, now)
      levels[place] = (before.first, now)
      let isHigh = now > 10 * before.first && now > 100
      if streaks.note(isHigh && now > before.last, at: place) >= 3, now > worst?.now ?? 0 {
        worst = (place, before.first, now)
      }
    }
    guard let worst, worst.now > max(1000, 100 * worst.first) || history.isLosingGround else {
      return nil
    }
    return Finding(
      .attentionScores, cause: .learningRateTooHigh, severity: .warning, step: step.step,
      confidence: 0.85,
      evidence: [
        "largest_score": worst.now, "first_score": worst.first, "loss": history.loss.last?.value,
        "learning_rate": step.learningRate,
      ],
      remedy: "normalize queries and keys; lower the learning rate, or warm it up for longer",
      place: worst.place, sources: ["Dehghani et al. 2023, arXiv:2302.05442"])
  }
}
