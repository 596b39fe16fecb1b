import TrainingDiagnostics

/// How near a run comes to an alarm: the weakest of a rule's conditions over its threshold, at its highest; 1 is alarm.
enum Margins {
  static var all: [(name: String, labels: [String], score: ([StepRecord]) -> Double)] {
    [
      ("explosion, two signals", ["explosion", "nonfinite"], explosion),
      ("divergence", ["late_divergence"], { highest($0) { divergence($0) } }),
      ("overfitting (height alone)", ["overfit"], { highest($0) { overfitting($0) } }),
      ("no progress", ["plateau"], standstill),
    ]
  }

  private static func explosion(_ steps: [StepRecord]) -> Double {
    var history = RunHistory()
    var score = 0.0
    for step in steps {
      if let loss = step.loss, let ratio = history.loss.ratio(of: loss),
        let norm = step.gradientNorm,
        let norms = history.gradientNorm.ratio(of: norm, least: 3)
      {
        score = max(score, min(ratio - 1, norms / 30))
      }
      history.append(step)
    }
    return score
  }

  private static func highest(
    _ steps: [StepRecord], _ score: (RunHistory) -> Double
  ) -> Double {
    var (history, highest) = (RunHistory(), 0.0)
    for step in steps {
      history.append(step)
      if step.trainLoss != nil || step.validationLoss != nil || history.count % 5 == 0 {
        highest = max(highest, score(history))
      }
    }
    return highest
  }

  private static func divergence(_ history: RunHistory) -> Double {
    [history.trainLoss, history.loss].compactMap { Rise(of: $0) }
      .map { $0.climb < 0.1 * $0.height ? 0 : min($0.share / 0.3, $0.noises / 8) }.max() ?? 0
  }

  private static func overfitting(_ history: RunHistory) -> Double {
    Rise(of: history.validationLoss, over: 5).map {
      $0.climb < 0 ? 0 : min($0.share / 0.05, $0.noises / 8)
    } ?? 0
  }

  private static func standstill(_ steps: [StepRecord]) -> Double {
    var history = RunHistory()
    for step in steps { history.append(step) }
    let levels = history.progress.levels.values
    guard levels.count >= 16 else { return 0 }
    let medians = levels.indices.dropFirst(2).map { levels[($0 - 2)...$0].median }
    let origin = history.progressOrigin
    let progress = (origin - medians.min()!) / history.progress.magnitude(of: origin)
    return progress <= 0 ? .infinity : 0.03 / progress
  }
}
