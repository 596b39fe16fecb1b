import TestSupport
import TrainingKit

extension FixtureOperations {
  /// Those of the pair `networks`.
  static let networks = activations.merging(divergences) { $1 }.merging(embeddings) { $1 }

  private static let activations: [String: Call] = [
    "tanhshrink": { [$0.inputs[0].tanhshrink()] },
    "softmin": { [$0.inputs[0].softmin(axis: $0.int("axis"))] },
    "glu": { call in
      let variant = GLUVariant.allCases.first { "\($0)" == call.text("variant") }!
      return [call.inputs[0].glu(variant, axis: call.int("axis"))]
    },
    "cosineSimilarity": {
      [$0["a"].cosineSimilarity($0["b"], axis: $0.int("axis"), epsilon: $0.number("epsilon"))]
    },
  ]

  private static let divergences: [String: Call] = [
    "klDivergence": {
      [
        klDivergence(
          $0["input"], $0["target"], logTargets: $0.flag("logTargets"), reduction: $0.reduction)
      ]
    },
    "binaryCrossEntropy": {
      [
        binaryCrossEntropy(
          $0["input"], $0["target"], weight: $0.optional("weight"), reduction: $0.reduction)
      ]
    },
    "sigmoidFocalLoss": {
      let alpha = $0.number("alpha")
      return [
        sigmoidFocalLoss(
          $0["input"], $0["target"], alpha: alpha < 0 ? nil : alpha, gamma: $0.number("gamma"),
          reduction: $0.reduction)
      ]
    },
    "zLoss": { [zLoss($0["input"], weight: $0.number("weight"), reduction: $0.reduction)] },
    "poissonNegativeLogLikelihood": {
      [
        poissonNegativeLogLikelihood(
          $0["input"], $0["target"], logRates: $0.flag("logRates"), isFull: $0.flag("isFull"),
          reduction: $0.reduction)
      ]
    },
    "gaussianNegativeLogLikelihood": {
      [
        gaussianNegativeLogLikelihood(
          $0["input"], $0["target"], variance: $0["variance"], isFull: $0.flag("isFull"),
          reduction: $0.reduction)
      ]
    },
  ]

  private static let signs = Tensor([1, -1, -1, 1, -1])

  private static let embeddings: [String: Call] = [
    "cosineEmbeddingLoss": {
      [
        cosineEmbeddingLoss(
          $0["a"], $0["b"], signs, margin: $0.number("margin"), reduction: $0.reduction)
      ]
    },
    "tripletMarginLoss": {
      [
        tripletMarginLoss(
          anchor: $0["a"], positive: $0["b"], negative: $0["c"], margin: $0.number("margin"),
          p: $0.number("p"), swap: $0.flag("swap"), reduction: $0.reduction)
      ]
    },
    "marginRankingLoss": {
      [
        marginRankingLoss(
          $0["a"], $0["b"], signs, margin: $0.number("margin"), reduction: $0.reduction)
      ]
    },
    "hingeEmbeddingLoss": {
      [hingeEmbeddingLoss($0["a"], signs, margin: $0.number("margin"), reduction: $0.reduction)]
    },
  ]
}

extension FixtureCall {
  fileprivate func text(_ name: String) -> String { attributes[name]!.text }
}
