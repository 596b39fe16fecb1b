internal import CTrainingKernels

/// Adam that goes by the mean gradient alone until its mean square is known well enough.
///
/// - Update: moments as in ``Adam``; ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ), m̂ = m / (1 − β₁ᵗ). For ρ > 5:
///   p ← p − learningRate · m̂ · √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)) · √(1 − β₂ᵗ) / (√v + ε);
///   else p ← p − learningRate · m̂.
/// - State: `firstMoment`, `secondMoment`.
/// - Source: Liu et al. 2020, algorithm 2, arXiv:1908.03265.
public struct RAdam: Optimizer, FusedUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("RAdam", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("RAdam", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("RAdam", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero.
  @HyperParameter("RAdam", "weightDecay", .nonNegative) public var weightDecay: Double
  /// Whether the decay acts on the weights themselves, as in ``AdamW``, rather than as a penalty in the gradient.
  public var decoupled: Bool
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    decoupled: Bool = false
  ) {
    self.decoupled = decoupled
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { Moments.names }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    let moments = Moments(beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
    let decay = decoupled ? WeightDecay.decoupled(weightDecay) : .penalty(weightDecay)
    guard let rectification = rectification(step.number) else {
      return moments.update(
        tk_update_radam_start, factor: step.learningRate, root: moments.firstCorrection, decay)
    }
    let correction = moments.secondCorrection.squareRoot()
    return moments.update(
      tk_update_adam, factor: moments.factor * rectification * correction, decay)
  }

  /// What makes the variance of the step that of later steps; nil where it is not known.
  private func rectification(_ step: Int) -> Double? {
    let last = 2 / (1 - beta2) - 1
    let share = power(beta2, step)
    let length = last - 2 * Double(step) * share / (1 - share)
    guard length > 5 else { return nil }
    return ((length - 4) * (length - 2) * last / ((last - 4) * (last - 2) * length)).squareRoot()
  }
}

extension RAdam {
  package static let samples: [any Optimizer] = [
    RAdam(), RAdam(beta2: 0.9, weightDecay: 0.1), RAdam(weightDecay: 0.1, decoupled: true),
  ]
}
