/// Steps that are too large because the optimizer's mean of squares is behind the gradients.
///
/// - Finds: a matrix whose gradient was 2.3 times what its update was divided by, as the root of the mean over its
///   elements, and twice what is usual of it, with a loss as ever, which within eight steps is above its best or far
///   above its level; or twice in two examinations in a row, while the gradient is at three times its usual, and the
///   loss in such trouble and no lower than when that began: a model that learns from data that have changed is soon
///   over it. The usual is the median of four examinations or more, and no second moment means no finding.
/// - Source: Wortsman et al. 2023, arXiv:2304.13013, section 3.4; Molybog et al. 2023, arXiv:2304.09871.
public struct StaleMoments: Analyzer {
  /// `stale-moments`
  public static let name = "stale-moments"
  private var courses: [String: Course] = [:]
  /// What an examination saw a few steps ago, while the loss was as ever.
  private var suspicion: Finding?

  /// Creates the analyzer.
  public init() {}

  /// Compares every matrix with itself before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    if let suspicion, step.step &- suspicion.step > 8 || step.step < suspicion.step {
      self.suspicion = nil
    }
    guard step.details != nil || suspicion != nil else { return nil }
    let isTroubled = history.isTroubled(by: step)
    if isTroubled, var finding = suspicion {
      suspicion = nil
      finding.began = finding.began ?? finding.step
      finding.step = step.step
      finding.evidence = finding.evidence.adding(["loss": step.loss])
      return finding
    }
    guard let seen = step.details.flatMap({ look(at: $0, step, isTroubled) }) else { return nil }
    if isTroubled { return seen }
    suspicion = seen
    return nil
  }

  /// The matrix that is furthest behind, if any is.
  private mutating func look(
    at details: StepDetails, _ step: StepRecord, _ isTroubled: Bool
  ) -> Finding? {
    var worst: (matrix: ParameterDetails, lag: Double, course: Course)?
    for matrix in details.matrices {
      guard let lag = matrix.secondMomentLag, let gradient = matrix.gradientRMS else { continue }
      let stage = courses[matrix.path, default: Course()].takes(lag, gradient, step)
      guard isTroubled ? stage == .lasting : stage != .fine, lag > 2.3 || isTroubled,
        lag > worst?.lag ?? 0
      else { continue }
      worst = (matrix, lag, courses[matrix.path]!)
    }
    guard let (matrix, lag, course) = worst else { return nil }
    return Finding(
      .staleMoments, cause: .slowSecondMoment, severity: .warning, step: step.step,
      began: course.began, confidence: 0.85,
      evidence: [
        "second_moment_lag": lag, "usual_lag": course.usual, "gradient_growth": course.growth,
        "update_ratio": matrix.updateRatio, "loss_before": course.loss, "loss": step.loss,
        "learning_rate": step.learningRate,
      ],
      remedy:
        "lower beta2, such as to 0.95; or take steps that are shorter by as much, as StableAdamW does",
      place: matrix.path,
      sources: ["Wortsman et al. 2023, arXiv:2304.13013", "Molybog et al. 2023, arXiv:2304.09871"])
  }
}

/// A matrix over the examinations.
private struct Course {
  /// Whether the second moment is behind.
  enum Stage { case fine, behind, lasting }

  private var lags = Window(capacity: 64)
  private var gradients = Window(capacity: 64)
  private var streak = 0
  private var peak = 0.0
  /// The usual lag, and how many times its usual the gradient is.
  private(set) var usual, growth: Double?
  /// The loss when the second moment fell behind.
  private(set) var loss: Double?
  private(set) var began: Int?

  /// Adds what an examination saw.
  mutating func takes(_ lag: Double, _ gradient: Double, _ step: StepRecord) -> Stage {
    let now = step.loss
    defer {
      lags.append(lag)
      gradients.append(gradient)
    }
    guard lags.count >= 4, let usual = lags.median, let level = gradients.median, level > 0 else {
      return .fine
    }
    (self.usual, growth) = (usual, gradient / level)
    guard lag > max(2, 2 * usual) else {
      (streak, peak) = (0, 0)
      return .fine
    }
    if streak == 0 { (loss, began) = (now, step.step) }
    (streak, peak) = (streak + 1, max(peak, lag))
    let isLasting =
      streak >= 2 && peak > 2.3 && gradient > 3 * level && now ?? 0 >= loss ?? .infinity
    return isLasting ? .lasting : .behind
  }
}
