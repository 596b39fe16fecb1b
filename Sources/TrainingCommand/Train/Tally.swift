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
}
