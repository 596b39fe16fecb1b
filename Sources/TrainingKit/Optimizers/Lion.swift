internal import CTrainingKernels

/// Steps of one size for every weight: the sign of a mean gradient. It keeps half of what Adam keeps, and wants a
/// learning rate three to ten times smaller.
///
/// - Update: p ← p − learningRate · (sign(β₁ m + (1 − β₁) g) + weightDecay · p); m ← β₂ m + (1 − β₂) g.
/// - State: `firstMoment`.
/// - Source: Chen et al. 2023, algorithm 2, arXiv:2302.06675.
public struct Lion: Optimizer, FusedUpdating {
  /// The share of the kept mean in the step's.
  @HyperParameter("Lion", "beta1", .fraction) public var beta1: Double
  /// The share of the mean gradient that stays.
  @HyperParameter("Lion", "beta2", .fraction) public var beta2: Double
  /// The share of the weights, times the learning rate, that each update takes away.
  @HyperParameter("Lion", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0.01) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { ["firstMoment"] }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    FusedUpdate(
      tk_update_lion, step.learningRate, 1 - beta1, 1 - beta2,
      1 - step.learningRate * weightDecay, gradientScale: step.gradientScale)
  }
}

extension Lion {
  package static let samples: [any Optimizer] = [
    Lion(), Lion(beta1: 0.95, beta2: 0.98, weightDecay: 0.1),
  ]
}
