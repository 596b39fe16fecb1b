/// Scores of a classifier that drift away together, which a softmax does not see.
///
/// - Finds: the mean logarithm of the softmax's denominator beyond 30 on either side of zero, and at five times what it
///   was at first, or what equal scores have if that is more, farther from zero in each of five examinations in a row,
///   while the loss is above its best. At ten times it is noted where the loss is no lower than at the first of them.
///   That it grows with the confidence of a model whose loss falls is no illness.
/// - Source: Wortsman et al. 2023, arXiv:2309.14322, section 3.1.2; Chowdhery et al. 2022, arXiv:2204.02311, on z-loss.
public struct LogitDrift: Analyzer {
  /// `logit-drift`
  public static let name = "logit-drift"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var first: Double?
  private var last = 0.0
  private var rising = 0
  private var began: Int?
  /// The level of the losses when the drift began.
  private var lossBefore: Double?

  /// Creates the analyzer.
  public init() {}

  /// Compares the denominator with those before.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let logits = step.details?.logits, let now = logits.meanLogNormalizer else { return nil }
    let first = first ?? now
    self.first = first
    let isFarther = now.magnitude > 1.02 * last.magnitude && now * last > 0
    last = now
    rising = isFarther ? rising + 1 : 0
    if rising <= 1 { began = step.step }
    let loss = history.loss.recent.values.suffix(8).median
    if rising <= 1 { lossBefore = loss }
    let start = max(first.magnitude, logarithm(Double(max(2, logits.classes))))
    let growth = now.magnitude / start
    let isLosing = history.isLosingGround
    guard rising >= 5, growth > 5, now.magnitude > 30,
      isLosing || growth > 10 && history.hasNotFallen(from: lossBefore)
    else { return nil }
    return Finding(
      .logitDrift, cause: .unheldLogits, severity: isLosing ? .warning : .note, step: step.step,
      began: began, confidence: 0.85,
      evidence: [
        "log_normalizer": now, "first_log_normalizer": first,
        "largest_log_normalizer": logits.largestLogNormalizer, "loss": history.loss.last?.value,
        "learning_rate": step.learningRate,
      ],
      remedy:
        "add a z-loss of 1e-4 to the loss, decay the weights of the last layer, or lower its learning rate",
      sources: [
        "Wortsman et al. 2023, arXiv:2309.14322", "Chowdhery et al. 2022, arXiv:2204.02311",
      ])
  }
}

extension RunHistory {
  /// Whether the losses are where they were, or above.
  fileprivate func hasNotFallen(from level: Double?) -> Bool {
    guard let level, loss.recent.count >= 16 else { return false }
    return loss.recent.values.suffix(8).median > level - 0.01 * loss.magnitude(of: level)
  }
}
