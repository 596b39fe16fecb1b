/// Adam whose weight decay acts on the weights themselves, apart from the gradient.
///
/// - Update: p ← (1 − learningRate · weightDecay) p, then as ``Adam`` without decay.
/// - State: that of ``Adam``.
/// - Source: Loshchilov and Hutter 2019, algorithm 2, arXiv:1711.05101.
public struct AdamW: Optimizer, FusedUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("AdamW", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("AdamW", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("AdamW", "epsilon", .nonNegative) public var epsilon: Double
  /// The share of the weights, times the learning rate, that each update takes away.
  @HyperParameter("AdamW", "weightDecay", .nonNegative) public var weightDecay: Double
  /// Whether the largest mean square so far divides, in place of the latest.
  public var amsgrad: Bool
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    amsgrad: Bool = false
  ) {
    self.amsgrad = amsgrad
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { Moments.names + (amsgrad ? ["largestSecondMoment"] : []) }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    Moments(beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
      .adam(amsgrad: amsgrad, .decoupled(weightDecay))
  }
}

extension AdamW {
  package static let samples: [any Optimizer] = [
    AdamW(), AdamW(weightDecay: 0.1, amsgrad: true), AdamW(beta1: 0, weightDecay: 0),
  ]
}
