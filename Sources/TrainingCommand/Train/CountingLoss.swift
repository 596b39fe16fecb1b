internal import TrainingKit

/// The loss of the parts of a batch, and how many of their labels are right.
final class CountingLoss {
  /// What each call since the last step counted, those of replays too.
  private var hits: [Double] = []

  func callAsFunction(_ model: Network, _ part: Batch) -> LossSum {
    let logits = Network.logits(model, part.x)
    let labels = part.y.flattened()
    hits.append(Network.hits(logits, labels))
    return crossEntropy(logits, labels, reduction: .counted)
  }

  /// How many labels the last calls counted.
  func hits(inLast calls: Int) -> Double { hits.suffix(calls).reduce(0, +) }

  func forget() { hits = [] }
}
