import TestSupport
import TrainingKit

extension FixtureOperations {
  static let losses: [String: Call] = [
    "crossEntropy": {
      [
        crossEntropy(
          $0["logits"], $0["labels"], weight: $0.optional("weight"),
          ignoreIndex: $0.int("ignoreIndex"), labelSmoothing: $0.number("labelSmoothing"),
          reduction: $0.reduction)
      ]
    },
    "negativeLogLikelihood": {
      [
        negativeLogLikelihood(
          $0["input"], $0["labels"], weight: $0.optional("weight"),
          ignoreIndex: $0.int("ignoreIndex"), reduction: $0.reduction)
      ]
    },
    "binaryCrossEntropyWithLogits": {
      [
        binaryCrossEntropyWithLogits(
          $0["logits"], $0["target"], weight: $0.optional("weight"),
          positiveWeight: $0.optional("positiveWeight"), reduction: $0.reduction)
      ]
    },
    "meanSquaredError": {
      [meanSquaredError($0["input"], $0["target"], reduction: $0.reduction)]
    },
    "l1Loss": { [l1Loss($0["input"], $0["target"], reduction: $0.reduction)] },
    "huberLoss": {
      [
        huberLoss(
          $0["input"], $0["target"], delta: $0.number("delta"), reduction: $0.reduction)
      ]
    },
    "smoothL1Loss": {
      [
        smoothL1Loss(
          $0["input"], $0["target"], beta: $0.number("beta"), reduction: $0.reduction)
      ]
    },
  ]
}

extension FixtureCall {
  var reduction: Reduction<Tensor> {
    switch attributes["reduction"]!.text {
    case "none": .none
    case "sum": .sum
    case "batchMean": .batchMean
    default: .mean
    }
  }
}
