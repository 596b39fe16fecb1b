/// A loss as tests go through it.
package struct LossSample: Sendable {
  package let name: String
  /// The shape of predictions, and the elements that one loss is made of when they are several.
  package let shape: Shape
  package let targets: Tensor
  package let apply: @Sendable (_ predictions: Tensor, _ targets: Tensor, Reduction) -> Tensor
}

/// Every loss, a line each.
package enum LossCatalog {
  package static let all: [LossSample] = [
    sample("crossEntropy", [4, 3], Tensor([2, 0, -100, 1])) {
      crossEntropy($0, $1, reduction: $2)
    },
    sample("crossEntropy smoothed and weighted", [2, 3, 2], Tensor([2, 0, 1, 1], shape: [2, 2])) {
      crossEntropy(
        $0, $1, weight: Tensor([0.5, 1, 2]), ignoreIndex: 0, labelSmoothing: 0.1, reduction: $2)
    },
    sample("crossEntropy of probabilities", [2, 2], Tensor([[0.25, 0.75], [1, 0]])) {
      crossEntropy($0, $1, labelSmoothing: 0.2, reduction: $2)
    },
    sample("negativeLogLikelihood", [3, 2], Tensor([1, 0, 0])) {
      negativeLogLikelihood($0, $1, weight: Tensor([0.5, 2]), reduction: $2)
    },
    sample("binaryCrossEntropyWithLogits", [2, 2], Tensor([[0.0, 1], [0.25, 1]])) {
      binaryCrossEntropyWithLogits($0, $1, positiveWeight: Tensor([2.0, 3]), reduction: $2)
    },
    sample("causalLanguageModelLoss", [2, 3, 4], Tensor([[2, 0, 3], [1, 1, -100]])) {
      causalLanguageModelLoss($0, $1, zLoss: 0.1, reduction: $2)
    },
    sample("maskedLanguageModelLoss", [2, 2, 3], Tensor([[-100, 0], [2, 1]])) {
      maskedLanguageModelLoss($0, $1, reduction: $2)
    },
    sample("meanSquaredError", [2, 3], regressionTargets) {
      meanSquaredError($0, $1, reduction: $2)
    },
    sample("l1Loss", [2, 3], regressionTargets) { l1Loss($0, $1, reduction: $2) },
    sample("huberLoss", [2, 3], regressionTargets) {
      huberLoss($0, $1, delta: 1.5, reduction: $2)
    },
    sample("smoothL1Loss", [2, 3], regressionTargets) {
      smoothL1Loss($0, $1, beta: 1.5, reduction: $2)
    },
  ]

  private static let regressionTargets = Tensor([[0.1, -0.7, 2.3], [-1.9, 0.4, 0.9]])

  private static func sample(
    _ name: String, _ shape: Shape, _ targets: Tensor,
    _ apply: @escaping @Sendable (Tensor, Tensor, Reduction) -> Tensor
  ) -> LossSample {
    LossSample(name: name, shape: shape, targets: targets, apply: apply)
  }
}
