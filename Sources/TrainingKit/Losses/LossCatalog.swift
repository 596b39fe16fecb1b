/// A loss as tests go through it.
package struct LossSample: Sendable {
  typealias Call = @Sendable (Tensor, Tensor, Reduction<ElementLosses>) -> ElementLosses

  package let name: String
  /// The shape of predictions, and the range that they are in.
  package let shape: Shape
  package let interval: Range<Double>
  package let targets: Tensor
  /// By how much predictions may grow while the loss stays finite.
  package let growth: Double
  /// What the mean divides by; nil for the number of losses.
  package let count: Double?
  private let losses: Call

  init(
    _ name: String, _ shape: Shape, in interval: Range<Double> = -2..<2, _ targets: Tensor,
    growth: Double = 1e4, count: Double? = nil, _ losses: @escaping Call
  ) {
    self.name = name
    self.shape = shape
    self.interval = interval
    self.targets = targets
    self.growth = growth
    self.count = count
    self.losses = losses
  }

  /// The loss of predictions.
  package func callAsFunction<Result>(
    _ predictions: Tensor, _ targets: Tensor, _ reduction: Reduction<Result>
  ) -> Result {
    reduction.reduce(losses(predictions, targets, Reduction { $0 }))
  }
}

/// Every loss, a line each.
package enum LossCatalog {
  package static let all: [LossSample] = classification + binary + regression + embedding

  private static let labels = Tensor([2, 0, -100, 1])
  private static let spatialLabels = Tensor([2, 0, 1, 1], shape: [2, 2])
  private static let classWeight = Tensor([0.5, 1, 2])

  private static let classification = [
    LossSample("crossEntropy", [4, 3], labels, count: labelCount(labels)) {
      crossEntropy($0, $1, reduction: $2)
    },
    LossSample(
      "crossEntropy smoothed and weighted", [2, 3, 2], spatialLabels,
      count: labelCount(spatialLabels, weight: classWeight, ignoreIndex: 0)
    ) {
      crossEntropy(
        $0, $1, weight: classWeight.to(.current), ignoreIndex: 0, labelSmoothing: 0.1, reduction: $2
      )
    },
    LossSample("crossEntropy of probabilities", [2, 2], Tensor([[0.25, 0.75], [1, 0]])) {
      crossEntropy($0, $1, labelSmoothing: 0.2, reduction: $2)
    },
    LossSample("negativeLogLikelihood", [3, 2], Tensor([1, 0, 0]), count: 3) {
      negativeLogLikelihood($0, $1, weight: Tensor([0.5, 2]), reduction: $2)
    },
    LossSample("zLoss", [4, 3], labels, count: 3) { zLoss($0, $1, weight: 0.1, reduction: $2) },
    LossSample("zLoss of all", [2, 3, 2], spatialLabels) { logits, _, reduction in
      zLoss(logits, weight: 0.1, reduction: reduction)
    },
    LossSample(
      "causalLanguageModelLoss", [2, 3, 4], Tensor([[2, 0, 3], [1, 1, -100]]), count: 3
    ) {
      causalLanguageModelLoss($0, $1, zLoss: 0.1, reduction: $2)
    },
    LossSample("maskedLanguageModelLoss", [2, 2, 3], Tensor([[-100, 0], [2, 1]]), count: 3) {
      maskedLanguageModelLoss($0, $1, reduction: $2)
    },
    LossSample("klDivergence", [2, 3], Tensor([[0.2, 0.8, 0], [0.5, 0.25, 0.25]])) {
      klDivergence($0, $1, reduction: $2)
    },
    LossSample("klDivergence of logarithms", [2, 2], Tensor([[-0.5, -1], [-.infinity, 0]])) {
      klDivergence($0, $1, logTargets: true, reduction: $2)
    },
  ]

  private static let answers = Tensor([[0.0, 1], [0.25, 1]])

  private static let binary = [
    LossSample("binaryCrossEntropyWithLogits", [2, 2], answers) {
      binaryCrossEntropyWithLogits($0, $1, positiveWeight: Tensor([2.0, 3]), reduction: $2)
    },
    LossSample("binaryCrossEntropy", [2, 2], in: 0.1..<0.9, answers, growth: 1) {
      binaryCrossEntropy($0, $1, weight: Tensor([2.0, 3]), reduction: $2)
    },
    LossSample("sigmoidFocalLoss", [2, 2], answers) { sigmoidFocalLoss($0, $1, reduction: $2) },
    LossSample("sigmoidFocalLoss unweighted", [2, 2], answers) {
      sigmoidFocalLoss($0, $1, alpha: nil, gamma: 0.5, reduction: $2)
    },
  ]

  private static let numbers = Tensor([[0.1, -0.7, 2.3], [-1.9, 0.4, 0.9]])
  private static let wholes = Tensor([[0.0, 1, 3], [2, 7, 0]])

  private static let regression = [
    LossSample("meanSquaredError", [2, 3], numbers) { meanSquaredError($0, $1, reduction: $2) },
    LossSample("l1Loss", [2, 3], numbers) { l1Loss($0, $1, reduction: $2) },
    LossSample("huberLoss", [2, 3], numbers) { huberLoss($0, $1, delta: 1.5, reduction: $2) },
    LossSample("smoothL1Loss", [2, 3], numbers) {
      smoothL1Loss($0, $1, beta: 1.5, reduction: $2)
    },
    LossSample("poissonNegativeLogLikelihood", [2, 3], wholes, growth: 20) {
      poissonNegativeLogLikelihood($0, $1, isFull: true, reduction: $2)
    },
    LossSample("poissonNegativeLogLikelihood of rates", [2, 3], in: 0.5..<4, wholes) {
      poissonNegativeLogLikelihood($0, $1, logRates: false, reduction: $2)
    },
    LossSample("gaussianNegativeLogLikelihood", [2, 3], numbers) {
      gaussianNegativeLogLikelihood(
        $0, $1, variance: Tensor([0.5, 2]), isFull: true, reduction: $2)
    },
    LossSample("gaussianNegativeLogLikelihood by variance", [2, 3], in: 0.5..<2, numbers) {
      let means = $1.cast(to: $0.dtype)
      return gaussianNegativeLogLikelihood(means, means + 1, variance: $0, reduction: $2)
    },
  ]

  private static let signs = Tensor([1.0, -1, -1])
  private static let vectors = Tensor([[0.5, -1], [1, 0.3], [-1, 0.2]])

  private static let embedding = [
    LossSample("cosineEmbeddingLoss", [3, 2], signs) {
      let others = vectors.to(.current).cast(to: $0.dtype)
      return cosineEmbeddingLoss($0, others, $1, margin: -0.5, reduction: $2)
    },
    LossSample("tripletMarginLoss", [3, 2], vectors) {
      tripletMarginLoss(anchor: $0, positive: $1, negative: $1 * -1, swap: true, reduction: $2)
    },
    LossSample("tripletMarginLoss by another norm", [3, 2], vectors) {
      tripletMarginLoss(anchor: $0, positive: $1, negative: $0 * 0.5, p: 3, reduction: $2)
    },
    LossSample("marginRankingLoss", [3], signs) {
      marginRankingLoss($0, $0 * $0 + 0.3, $1, margin: 0.2, reduction: $2)
    },
    LossSample("hingeEmbeddingLoss", [3], signs) { hingeEmbeddingLoss($0, $1, reduction: $2) },
  ]
}
