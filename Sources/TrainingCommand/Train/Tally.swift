internal import TrainingDiagnostics
internal import TrainingKit

/// Averages of the running epoch.
struct Tally: Codable {
  private var lossSum = 0.0
  private var steps = 0.0
  private var hits = 0.0
  private var labels = 0.0
  private(set) var gradientNorm = 0.0
  private(set) var learningRate = 0.0

  /// NaN before the first applied step.
  var loss: Double { lossSum / steps }
  var accuracy: Double { labels == 0 ? 0 : hits / labels }

  mutating func add(_ report: StepReport, hits: Double, labels: Int) {
    lossSum += report.loss
    steps += 1
    self.hits += hits
    self.labels += Double(labels)
    gradientNorm = report.gradientNorm
    learningRate = report.learningRate
  }

  /// Takes the losses of steps that were taken once more in place of those since another tally was made. How many
  /// labels were right the second time nobody has counted.
  mutating func replaceLosses(since start: Tally, by steps: some Sequence<StepRecord>) {
    (lossSum, self.steps) = (start.lossSum, start.steps)
    for step in steps where step.skip == nil {
      guard let loss = step.loss else { continue }
      lossSum += loss
      self.steps += 1
      gradientNorm = step.gradientNorm ?? gradientNorm
      learningRate = step.learningRate ?? learningRate
    }
  }
}
