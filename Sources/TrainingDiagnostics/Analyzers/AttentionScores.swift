/// Attention whose scores grow until one key takes all, and no gradient is left.
///
/// - Finds: the largest score of a layer at ten times its first level and above 100, rising in three examinations in a
///   row, while the loss is above its best; beyond 1000, and at a hundred times the first level, whatever the loss
///   does. Scores of healthy models grow, too, but level off: a softmax is as good as settled by far less. Where the
///   entropy of the weights is known it has to have halved, as scores that grow together change no weight; and where
///   it is below a twentieth of that of equal weights, and a quarter of its first level, scores at three times their
///   first level and rising are enough, while the loss is above its best. Heads that learn to look at one key have a
///   low entropy, and a loss that falls.
/// - Source: Dehghani et al. 2023, arXiv:2302.05442, and Zhai et al. 2023, arXiv:2303.06296, on entropy collapse.
public struct AttentionScores: Analyzer {
  /// `attention-scores`
  public static let name = "attention-scores"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()
  private var courses: [String: Course] = [:]

  /// Creates the analyzer.
  public init() {}

  /// Compares the scores of every layer with those before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    let entropies = Dictionary(
      details.innerValues(\.attentionEntropy).map { ($0.place, $0.values.min()) },
      uniquingKeysWith: { $1 })
    var worst: (place: String, course: Course)?
    for (place, scores) in details.innerValues(\.largestScore) {
      guard let now = scores.max(), now > 0 else { continue }
      var course = courses[place] ?? Course(first: now, last: now)
      let isRising = course.takes(now, entropy: entropies[place] ?? nil)
      courses[place] = course
      guard streaks.note(isRising, at: place, of: step) >= 3, now > worst?.course.last ?? 0 else {
        continue
      }
      worst = (place, course)
    }
    guard let worst, worst.course.isBeyondAll || history.isLosingGround else { return nil }
    return finding(step, history, worst.place, worst.course)
  }

  private func finding(
    _ step: StepRecord, _ history: RunHistory, _ place: String, _ course: Course
  ) -> Finding {
    Finding(
      .attentionScores, cause: .learningRateTooHigh, severity: .warning, step: step.step,
      began: streaks.began(place), confidence: course.isCollapsed ? 0.9 : 0.85,
      evidence: [
        "largest_score": course.last, "first_score": course.first, "entropy": course.entropy,
        "first_entropy": course.firstEntropy, "loss": history.loss.last?.value,
        "learning_rate": step.learningRate,
      ],
      remedy: "normalize queries and keys; lower the learning rate, or warm it up for longer",
      place: place,
      sources: ["Dehghani et al. 2023, arXiv:2302.05442", "Zhai et al. 2023, arXiv:2303.06296"])
  }
}

/// The scores of a layer, and the entropy of its weights, since they were first seen.
private struct Course {
  let first: Double
  private(set) var last: Double
  private(set) var firstEntropy, entropy: Double?

  init(first: Double, last: Double) { (self.first, self.last) = (first, last) }

  /// Whether one key takes nearly all, which it did not at first.
  var isCollapsed: Bool {
    guard let entropy, let firstEntropy else { return false }
    return entropy < min(0.05, 0.25 * firstEntropy)
  }

  /// Whether the scores are so high that nothing else has to be wrong.
  var isBeyondAll: Bool { isHigh && last > max(1000, 100 * first) }

  private var isHigh: Bool {
    guard last > 10 * first, last > 100 else { return false }
    guard let entropy, let firstEntropy else { return true }
    return entropy < 0.5 * firstEntropy
  }

  /// Adds what an examination saw; true where the scores rise from a level that is too high.
  mutating func takes(_ score: Double, entropy: Double?) -> Bool {
    let isRising = score > last
    last = score
    self.entropy = entropy
    firstEntropy = firstEntropy ?? entropy
    return isRising && (isHigh || isCollapsed && score > 3 * first)
  }
}
