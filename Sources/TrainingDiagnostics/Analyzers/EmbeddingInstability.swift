/// Embeddings whose gradients outgrow those of all other layers.
///
/// - Finds: embeddings with gradients five times their usual, and larger than all others together, while those are
///   below twice theirs, in two examinations in a row; and then, up to the next one, a loss that is above its best or
///   far above its level, or an embedding that moves by three times its usual. It is noted where the embedding is less
///   than a quarter of what it was. The usual is the median of four examinations or more. That most rows have no
///   gradient is right, and gradients that grow in all layers are another illness.
/// - Source: Zeng et al. 2022, arXiv:2210.02414, section 3.1, on the gradients of embeddings ahead of spikes; Takase et
///   al. 2023, arXiv:2312.16903, on embeddings that are small beside the norm behind them.
public struct EmbeddingInstability: Analyzer {
  /// `embedding-instability`
  public static let name = "embedding-instability"
  private var gradients = Window(capacity: 64)
  private var others = Window(capacity: 64)
  private var updateRatios = Window(capacity: 64)
  private var firstRMS: [String: Double] = [:]
  private var streak = 0
  private var began: Int?
  /// What the last examination saw, as a note, until the next one.
  private var suspicion: Finding?

  /// Creates the analyzer.
  public init() {}

  /// Compares the embeddings with themselves before, and with the other parameters.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    var isGrave = false
    var isShrunk = false
    if let details = step.details {
      suspicion = nil
      let embeddings = details.parameters.filter { $0.role == .embedding }
      guard let worst = embeddings.max(by: { $0.gradientSquare < $1.gradientSquare }) else {
        return nil
      }
      let ratio = embeddings.compactMap(\.updateRatio).max()
      isGrave = ratio.flatMap { $0.over(updateRatios.median) } ?? 0 > 3
      isShrunk = isSmall(worst)
      ratio.map { updateRatios.append($0) }
      suspicion = look(step, worst, embeddings.gradientNorm, details.otherGradientNorm)
    }
    guard var finding = suspicion, isGrave || isShrunk || history.isTroubled(by: step) else {
      return nil
    }
    if isGrave || history.isTroubled(by: step) { finding.severity = .warning }
    finding.step = step.step
    finding.began = began.flatMap { $0 < step.step ? $0 : nil }
    finding.evidence = finding.evidence.adding(["loss": step.loss])
    return finding
  }

  private mutating func isSmall(_ embedding: ParameterDetails) -> Bool {
    guard let rms = embedding.weightRMS else { return false }
    let first = firstRMS[embedding.path] ?? rms
    firstRMS[embedding.path] = first
    return rms < 0.25 * first
  }

  /// What is wrong with the gradients, as a note; nil where nothing is.
  private mutating func look(
    _ step: StepRecord, _ worst: ParameterDetails, _ own: Double, _ rest: Double
  ) -> Finding? {
    guard own.isFinite, rest.isFinite else { return nil }
    defer {
      gradients.append(own)
      others.append(rest)
    }
    guard gradients.count >= 4, let growth = own.over(gradients.median),
      let otherGrowth = rest.over(others.median)
    else { return nil }
    streak = growth > 5 && otherGrowth < 2 && own > rest ? streak + 1 : 0
    if streak <= 1 { began = step.step }
    guard streak >= 2 else { return nil }
    return Finding(
      .embeddingInstability, cause: .embeddingGradients, severity: .note, step: step.step,
      began: began, confidence: 0.85,
      evidence: [
        "gradient_growth": growth, "others_growth": otherGrowth, "gradient_ratio": own / rest,
        "update_ratio": worst.updateRatio, "weight_rms": worst.weightRMS,
        "first_weight_rms": firstRMS[worst.path], "learning_rate": step.learningRate,
      ],
      remedy:
        "let a tenth of the gradient through to the embedding; bring what it gives to unit size, or normalize it; "
        + "do not decay its weights; lower its learning rate",
      place: worst.path,
      sources: ["Zeng et al. 2022, arXiv:2210.02414", "Takase et al. 2023, arXiv:2312.16903"])
  }
}

extension StepDetails {
  fileprivate var otherGradientNorm: Double {
    parameters.filter { $0.role != .embedding }.gradientNorm
  }
}

extension ParameterDetails {
  /// The sum of the squares of the gradient.
  fileprivate var gradientSquare: Double { gradientRMS.map { $0 * $0 * Double(count) } ?? 0 }
}

extension [ParameterDetails] {
  /// The norm of all their gradients.
  fileprivate var gradientNorm: Double { reduce(0) { $0 + $1.gradientSquare }.squareRoot() }
}

extension Double {
  /// How many times the usual this is; nil where that is not above zero.
  fileprivate func over(_ usual: Double?) -> Double? {
    usual.flatMap { $0 > 0 ? self / $0 : nil }
  }
}
