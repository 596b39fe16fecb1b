internal import CTrainingKernels

/// Adam with the largest gradient, fading, in place of the root of the mean square.
///
/// - Update: g ← g + weightDecay · p; m ← m + (1 − β₁)(g − m); u ← max(β₂ u, |g| + ε);
///   p ← p − learningRate / (1 − β₁ᵗ) · m / u.
/// - State: `firstMoment`, `largestGradient`.
/// - Source: Kingma and Ba 2015, algorithm 2, arXiv:1412.6980.
public struct Adamax: Optimizer, FusedUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("Adamax", "beta1", .fraction) public var beta1: Double
  /// The share of the largest gradient that stays.
  @HyperParameter("Adamax", "beta2", .fraction) public var beta2: Double
  /// What is added to the size of a gradient.
  @HyperParameter("Adamax", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("Adamax", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { ["firstMoment", "largestGradient"] }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    let moments = Moments(beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
    return moments.update(tk_update_adamax, factor: moments.factor, .penalty(weightDecay))
  }
}

extension Adamax {
  package static let samples: [any Optimizer] = [
    Adamax(), Adamax(beta2: 0.9, weightDecay: 0.1), Adamax(beta1: 0.5, epsilon: 1e-4),
  ]
}
