internal import CTrainingKernels

/// Steps of the gradient divided by the root of its mean square.
///
/// - Update: g ← g + weightDecay · p; s ← α s + (1 − α) g²; d = g / (√s + ε), or with the variance s − ḡ² in
///   place of s when centered; p ← p − learningRate · d, or of the velocity momentum · b + d.
/// - State: `squareAverage`, `gradientAverage` when centered, `velocity` with momentum.
/// - Source: Tieleman and Hinton 2012, Coursera lecture 6.5; centered: Graves 2013, arXiv:1308.0850.
public struct RMSprop: Optimizer, FusedUpdating {
  /// The share of the mean square that stays.
  @HyperParameter("RMSprop", "alpha", .fraction) public var alpha: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("RMSprop", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("RMSprop", "weightDecay", .nonNegative) public var weightDecay: Double
  /// The share of the velocity that stays.
  @HyperParameter("RMSprop", "momentum", .nonNegative) public var momentum: Double
  /// Whether the gradient's variance divides, in place of its mean square.
  public var centered: Bool
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, centered: Bool = false,
    weightDecay: Double = 0
  ) {
    self.centered = centered
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentum = momentum
  }

  /// What is kept of a parameter.
  public var stateNames: [String] {
    ["squareAverage"] + (centered ? ["gradientAverage"] : []) + (momentum > 0 ? ["velocity"] : [])
  }

  private var row: tk_update {
    switch (centered, momentum > 0) {
    case (false, false): tk_update_rmsprop
    case (false, true): tk_update_rmsprop_momentum
    case (true, false): tk_update_rmsprop_centered
    case (true, true): tk_update_rmsprop_centered_momentum
    }
  }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    FusedUpdate(
      row, step.learningRate, alpha, 1 - alpha, epsilon, momentum, weightDecay,
      gradientScale: step.gradientScale)
  }
}

extension RMSprop {
  package static let samples: [any Optimizer] = [
    RMSprop(), RMSprop(momentum: 0.9, weightDecay: 0.1), RMSprop(centered: true),
    RMSprop(alpha: 0.9, momentum: 0.5, centered: true),
  ]
}
