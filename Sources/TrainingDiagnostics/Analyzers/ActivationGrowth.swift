/// Activations that grow, or fade, beyond all measure.
///
/// - Finds: at the start, hidden layers that put out a thousand times more, or less, than the first one, in three
///   examinations in a row, or ten thousand times more at once; later, an activation at thirty times its first level
///   that still grows in three examinations in a row, while the loss is above its best. That the logits of a model grow
///   as it learns is no illness.
/// - Source: He et al. 2015, arXiv:1502.01852, on the start; OPT-175B, arXiv:2205.01068, on growth before divergence.
public struct ActivationGrowth: Analyzer {
  /// `activation-growth`
  public static let name = "activation-growth"
  /// It goes by what examinations see.
  public static let occasion = Occasion.examination
  private var streaks = Streaks()
  private var levels: [String: (first: Double, last: Double)] = [:]
  private var examinations = 0

  /// Creates the analyzer.
  public init() {}

  /// Compares the layers with each other at first, then with themselves.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard let details = step.details else { return nil }
    examinations += 1
    let start = examinations <= 4 ? overDepth(step, details, history) : nil
    return overTime(step, details, history) ?? start
  }

  private mutating func overDepth(
    _ step: StepRecord, _ details: StepDetails, _ history: RunHistory
  ) -> Finding? {
    // The last layer often starts small by design.
    let layers = details.layerOutputs.dropLast().filter { $0.rms ?? 0 > 0 }
    guard layers.count >= 3, let first = layers.first?.rms else { return nil }
    let large = layers.max { $0.rms! < $1.rms! }!
    let small = layers.min { $0.rms! < $1.rms! }!
    let isGrowing = large.rms! > 1e3 * first
    let isFading = layers.last!.rms! < 1e-3 * first
    // Such a run may not live to be examined again.
    let least = large.rms! > 1e4 * first ? 1 : 3
    guard streaks.note(isGrowing || isFading, at: "", of: step) >= max(least, examinations) else {
      return nil
    }
    let bad = layers.first {
      isGrowing ? $0.rms! > 30 * first : $0.rms! < first / 30
    }
    let ratio = (isGrowing ? large.rms! : small.rms!) / first
    return Finding(
      .badInitialization, cause: .initialization, severity: .warning, step: step.step,
      began: streaks.began(""), confidence: 0.9,
      evidence: [
        "activation_ratio": ratio, "first_rms": first, "layers": Double(layers.count),
        "input_level": details.inputLevel,
      ],
      remedy:
        "start weights by their fan-in and activation, such as .heNormal() or .xavierNormal(), or normalize "
        + "between layers",
      place: bad?.path, sources: ["He et al. 2015, arXiv:1502.01852"])
  }

  private mutating func overTime(
    _ step: StepRecord, _ details: StepDetails, _ history: RunHistory
  ) -> Finding? {
    var worst: (place: String, first: Double, now: Double)?
    for (place, values) in details.innerValues(\.rms) {
      let now = values.median
      guard now > 0 else { continue }
      let before = levels[place] ?? (now, now)
      // What starts near zero has no level to be measured by: the first examinations count at their highest.
      let first = examinations <= 3 ? max(before.first, now) : before.first
      levels[place] = (first, now)
      let count = streaks.note(now > 30 * first && now > 1.05 * before.last, at: place, of: step)
      if count >= 3, worst == nil { worst = (place, first, now) }
    }
    guard let worst, history.isLosingGround else { return nil }
    return Finding(
      .activationGrowth, cause: .learningRateTooHigh, severity: .warning, step: step.step,
      began: streaks.began(worst.place), confidence: 0.8,
      evidence: [
        "rms": worst.now, "first_rms": worst.first, "growth": worst.now / worst.first,
        "loss": history.loss.last?.value, "learning_rate": step.learningRate,
      ],
      remedy: "lower the learning rate; normalize before the layer; decay its weights",
      place: worst.place, sources: ["Zhang et al. 2022, arXiv:2205.01068"])
  }
}
