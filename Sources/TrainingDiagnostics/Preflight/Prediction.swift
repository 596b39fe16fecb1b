internal import TrainingKit

/// Classes that a model gives scores to, and the right ones.
struct Prediction {
  /// One row of scores for each label.
  let scores: Tensor
  /// The labels in one row.
  let labels: [Int]
  var classes: Int { scores.shape[1] }

  /// The label that takes no part.
  static var ignored: Int { -100 }

  /// Nil where outputs and labels are not of classes, or do not tell how many there are.
  init?(_ pass: PreflightPass) {
    let labels = pass.batch.y
    guard let output = pass.output, labels.dtype.isInteger, output.rank == labels.rank + 1,
      output.dtype.isFloatingPoint
    else { return nil }
    let (outside, inside) = (Array(output.shape), Array(labels.shape))
    var scores = output
    if Array(outside.dropLast()) != inside {
      // Classes may stand behind the batch, as for images.
      guard output.rank > 2, outside[0] == inside[0],
        Array(outside.dropFirst(2)) == Array(inside.dropFirst())
      else { return nil }
      scores = output.permuted([0] + Array(2..<output.rank) + [1])
    }
    // A language model that is given its own tokens guesses the next one.
    if labels.rank == 2, labels.shape[1] > 1, pass.batch.x.shape == labels.shape,
      pass.batch.x.dtype == labels.dtype, pass.batch.x.isIdentical(to: labels)
    {
      self.scores = scores[.all, ..<(labels.shape[1] - 1)].reshaped([-1, scores.shape[-1]])
        .cast(to: .float32)
      self.labels = labels[.all, 1...].elements(Int.self)
      return
    }
    self.scores = scores.reshaped([-1, scores.shape[-1]]).cast(to: .float32)
    self.labels = labels.elements(Int.self)
  }

  /// The rows of labels that take part.
  private var counted: [Int] {
    labels.indices.filter { (0..<classes).contains(labels[$0]) }
  }

  /// The mean negative score of the right classes, once `transform` was applied; nil without labels.
  func meanSurprise(_ transform: (Tensor) -> Tensor) -> Double? {
    let rows = counted
    if rows.isEmpty { return nil }
    let right = Tensor(rows.map { labels[$0] }).expandedDimensions(axis: 1)
    return -transform(scores.taking(Tensor(rows))).gather(right, axis: 1).mean().item()
  }

  /// The root mean square of the gradient that the mean cross-entropy has at the scores; nil without labels.
  var gradientLevel: Double? {
    let rows = counted
    if rows.isEmpty { return nil }
    let chosen = scores.taking(Tensor(rows))
    let right = Tensor(rows.map { labels[$0] }).oneHot(classes: classes, dtype: .float32)
    let sum = (chosen.softmax(axis: 1) - right).rootMeanSquare * Double(rows.count).squareRoot()
    return sum / Double(rows.count) / Double(scores.shape[0]).squareRoot()
  }

  /// Whether each row is made of probabilities, or of parts of another whole.
  var areProbabilities: Bool {
    let sums = scores.sum(axis: 1)
    let whole = sums.mean().item()
    // Sums of a few rows may be alike by chance, unless they are 1.
    let tolerance = abs(whole - 1) < 0.01 ? 0.01 : sums.count >= 8 ? 1e-5 : 0
    return scores.min().item() >= 0 && whole > 0
      && (sums / whole - 1).abs().max().item() < tolerance
  }

  /// Whether each row is made of logarithms of probabilities.
  var areLogProbabilities: Bool { scores.max().item() <= 0 && areSummingToOne(scores.exp()) }

  private func areSummingToOne(_ values: Tensor) -> Bool {
    (values.sum(axis: 1) - 1).abs().max().item() < 0.01
  }
}
