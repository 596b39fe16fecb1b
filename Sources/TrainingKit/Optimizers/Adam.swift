/// Steps of the mean gradient divided by the root of its mean square, both corrected for their start at zero.
///
/// - Update: g ← g + weightDecay · p; m ← m + (1 − β₁)(g − m); v ← β₂ v + (1 − β₂) g²;
///   p ← p − learningRate / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε).
/// - State: `firstMoment`, `secondMoment`, and `largestSecondMoment` with AMSGrad.
/// - Source: Kingma and Ba 2015, algorithm 1, arXiv:1412.6980; AMSGrad: Reddi et al. 2018, arXiv:1904.09237.
public struct Adam: Optimizer, FusedUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("Adam", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("Adam", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("Adam", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("Adam", "weightDecay", .nonNegative) public var weightDecay: Double
  /// Whether the largest mean square so far divides, in place of the latest.
  public var amsgrad: Bool
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
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
      .adam(amsgrad: amsgrad, .penalty(weightDecay))
  }
}

extension Adam {
  package static let samples: [any Optimizer] = [
    Adam(), Adam(weightDecay: 0.1), Adam(weightDecay: 0.1, amsgrad: true),
    Adam(beta1: 0.5, beta2: 0.9, epsilon: 1e-4),
  ]
}
