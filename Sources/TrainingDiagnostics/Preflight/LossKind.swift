internal import TrainingKit

/// What a loss is like, told from the operations that it is made of.
enum LossKind {
  /// Surprise at the right classes, from logits.
  case crossEntropy
  /// Surprise at the right classes, from logarithms of probabilities.
  case likelihood
  /// Surprise at yes or no, from logits.
  case binaryLogits
  /// Surprise at yes or no, from probabilities.
  case binaryProbabilities
  /// A distance from numbers.
  case distance

  init?(_ pass: PreflightPass) {
    let names = pass.lossOperations
    if names.contains("binaryCrossEntropy") {
      self = .binaryProbabilities
    } else if names.contains("logSigmoid") {
      self = .binaryLogits
    } else if !names.isDisjoint(with: ["crossEntropy", "logSoftmax"]) {
      self = .crossEntropy
    } else if names.contains("gather"), pass.batch.y.dtype.isInteger {
      self = .likelihood
    } else if pass.batch.y.dtype.isFloatingPoint, pass.output?.count == pass.batch.y.count,
      !names.isDisjoint(with: ["subtract", "square", "abs"])
    {
      self = .distance
    } else {
      return nil
    }
  }
}
