/// Losses that rise slowly and for long, after the run was well.
///
/// - Finds: eight levels in a row at least 30 % above the best one, which is eight times the usual change, still
///   rising; and eight levels in a row where the run began, after it had come a fifth of the way down. Levels are
///   evaluations on training data, those on held-out data where there are no others, and stretches of the steps'
///   losses: a trend, where spike detectors see nothing. An evaluation that jumps at the very end is a warning.
public struct Divergence: Analyzer {
  /// `divergence`
  public static let name = "divergence"
  /// It looks at levels.
  public static let occasion = Occasion.level
  private var seen = 0

  /// Creates the analyzer.
  public init() {}

  /// Looks at each series that has a new level.
  public mutating func examine(_ step: StepRecord, after history: RunHistory) -> Finding? {
    guard history.levels != seen else { return nil }
    seen = history.levels
    for (quantity, series) in Divergence.series(of: history) {
      if let finding = finding(quantity, series, history) { return finding }
    }
    return nil
  }

  /// Looks at the last levels and at the last evaluation.
  public mutating func conclude(_ history: RunHistory) -> Finding? {
    for (quantity, series) in Divergence.series(of: history) {
      if let finding = finding(quantity, series, history) { return finding }
      if quantity != .loss, let finding = jump(quantity, series) { return finding }
    }
    return nil
  }

  private static func series(of history: RunHistory) -> [(Quantity, Series)] {
    let evaluation: (Quantity, Series) =
      history.trainLoss.count > 0
      ? (.trainLoss, history.trainLoss) : (.validationLoss, history.validationLoss)
    return [evaluation, (.loss, history.loss)]
  }

  private func finding(_ quantity: Quantity, _ series: Series, _ history: RunHistory) -> Finding? {
    guard let rise = Rise(of: series), let step = series.levels.steps.last,
      (rise.share >= 0.3 && rise.noises >= 8 && rise.climb >= 0.1 * rise.height)
        || series.isBackAtTheStart(from: rise.best)
    else { return nil }
    // A schedule that starts anew may throw the loss back, though not above where it started.
    if history.isRateAboveThat(at: rise.step), rise.best + rise.height < series.start { return nil }
    let isCalm = quantity != .loss && history.isLossCalm
    if quantity == .validationLoss, isCalm { return nil }
    return Finding(
      .divergence, cause: isCalm ? .evaluationMismatch : .undetermined, severity: .fault,
      step: step, began: rise.step, confidence: 0.95,
      evidence: [
        "level": series.levels.values.last, "best_level": rise.best, "best_step": Double(rise.step),
        "rise": rise.share, "rise_in_noises": rise.noises,
      ],
      remedy: isCalm
        ? "recompute the running statistics of normalization for the weights that are evaluated"
        : "go back to the best step and lower the learning rate, or let it decay",
      nextTest: isCalm
        ? "evaluate one batch in training mode and in evaluation mode with the same weights"
        : "from a checkpoint at the best step, train on with a third of the learning rate beside an unchanged run",
      place: "\(quantity.rawValue)",
      sources: ["stas00/ml-engineering, training-loss-patterns.md"])
  }

  private func jump(_ quantity: Quantity, _ series: Series) -> Finding? {
    let levels = series.levels.values
    guard levels.count >= 10, let last = levels.last, let step = series.levels.steps.last else {
      return nil
    }
    let before = levels.dropLast().suffix(8)
    let magnitude = series.magnitude(of: before.median)
    guard let highest = before.max(), last - highest > 2 * magnitude else { return nil }
    return Finding(
      .divergence, severity: .warning, step: step, confidence: 0.7,
      evidence: ["level": last, "median_before": before.median, "highest_before": highest],
      remedy: "evaluate again; if it stays, go back to the evaluation before",
      nextTest: "evaluate the weights of the step before", place: quantity.rawValue)
  }
}

extension Series {
  /// Whether the series had come far and is where it began again, and stays there.
  fileprivate func isBackAtTheStart(from best: Double) -> Bool {
    let magnitude = magnitude(of: origin)
    return best <= origin - 0.2 * magnitude
      && levels.values.suffix(8).allSatisfy {
        $0 >= origin - 0.03 * magnitude && $0 <= origin + 0.15 * magnitude
      }
  }
}

extension RunHistory {
  /// Whether the losses of the steps have not risen themselves.
  fileprivate var isLossCalm: Bool {
    if let rise = Rise(of: loss) { return rise.share < 0.1 }
    return loss.count > 0 && Trend(Array(loss.recent.values.suffix(16))).significance < 3
  }

  /// Whether the learning rate is far above what it was at a step, as after a warm restart; false where nobody knows.
  fileprivate func isRateAboveThat(at step: Int) -> Bool {
    guard let now = learningRate.last?.value, let then = learningRate.value(at: step) else {
      return false
    }
    return now > 2 * then
  }
}
