/// Losses that do not fall.
///
/// - Finds: a run whose loss stays above where it began, as a fault: the learning rate is too high; a run that after
///   long has not moved from there, as a note, and when that is how it ends, or goes on for five times as long, as a
///   warning; and one that stopped getting better half way, as a note, since most runs that are done look like that.
///
/// Evaluations are looked at where there are any, else the losses of the steps. A log that ends is no plateau, nor is
/// a warm-up, a loss that was printed with too few digits, or one of which zero means nothing.
public struct Plateau: Analyzer {
  /// `plateau`
  public static let name = "plateau"
  /// It looks at levels.
  public static let occasion = Occasion.level
  private var seen = 0

  /// Creates the analyzer.
  public init() {}

  /// Looks at a run that has a new level.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard history.levels != seen else { return nil }
    seen = history.levels
    return fromTheStart(history, isOver: false)
  }

  /// Looks at the run as a whole.
  public mutating func conclude(_ history: RunHistory) -> Finding? {
    fromTheStart(history, isOver: true) ?? midway(history)
  }

  private func fromTheStart(_ history: RunHistory, isOver: Bool) -> Finding? {
    let series = history.progress
    let levels = series.levels.values
    guard series.count >= history.leastForPlateau, levels.count >= 16, history.beganAtItsStart,
      !history.isWarmingUp, let step = series.levels.steps.last
    else { return nil }
    let origin = history.progressOrigin
    let magnitude = series.magnitude(of: origin)
    let medians = levels.indices.dropFirst(2).map { levels[($0 - 2)...$0].median }
    guard magnitude > 0, let best = medians.min(), origin - best <= 0.03 * magnitude else {
      return nil
    }
    let trend = Trend(levels)
    let above = levels.suffix(8).min()! - origin
    let isAbove =
      above > 0.005 * magnitude && above > 2 * trend.noise
      && above > 2 * (series.recent.deviation ?? .infinity)
    guard isAbove || (trend.significance > -4 && isTellingAtStart(series, magnitude)) else {
      return nil
    }
    // Some healthy runs stand still for a long time before they find a way down.
    let isLong = isOver || series.count >= 5 * history.leastForPlateau
    let norm = history.gradientNorm
    return Finding(
      .plateau, cause: isAbove ? .learningRateTooHigh : .undetermined,
      severity: isAbove ? .fault : isLong ? .warning : .note, step: step,
      began: history.first?.step, confidence: isAbove ? 0.9 : 0.7,
      evidence: [
        "level": levels.last, "start": origin, "best_level": best, "trend": trend.significance,
        "gradient_norm": norm.recent.median,
      ],
      remedy: isAbove
        ? "start again with a tenth of the learning rate, or a longer warm-up"
        : "see that every parameter is handed to the optimizer and gets a gradient; then raise the learning rate",
      nextTest: isAbove
        ? "from the start, train 50 steps with a tenth of the learning rate: the loss falls"
        : "overfit one batch for 50 steps: failing, it is the code or the initialization; else data or learning rate",
      sources: ["AlgoPerf ViT, NAdam: falls only once the rate is cut"])
  }

  /// Whether a flat series says anything: no loss of which zero means nothing, no noise that hides all, enough digits.
  private func isTellingAtStart(_ series: Series, _ magnitude: Double) -> Bool {
    series.lowest > 0 && (series.recent.deviation ?? .infinity) < 0.2 * magnitude
      && !series.recent.values.areCoarse
  }

  private func midway(_ history: RunHistory) -> Finding? {
    let series = history.progress
    let levels = series.levels.values
    // Where little of the loss is left, nothing more is to be expected.
    guard levels.count >= 32, levels.last ?? 0 > 0.2 * history.progressOrigin,
      let last = series.levels.steps.last
    else { return nil }
    let half = levels.count / 2
    let trend = Trend(Array(levels[half...]))
    guard let best = levels[..<half].min(), let later = levels[half...].min(),
      later >= best - trend.noise
    else { return nil }
    let place = levels[..<half].firstIndex(of: best)!
    return Finding(
      .plateau, severity: .note, step: last, began: series.levels.steps[place], confidence: 0.5,
      evidence: [
        "level": levels.last, "best_level": min(best, later), "start": history.progressOrigin,
        "best_step": Double(series.levels.steps[place]),
      ],
      remedy: "let the learning rate decay, or stop: the best weights are those of the best step",
      nextTest: "from a checkpoint, train on with three times and with a third of the learning rate"
    )
  }
}
