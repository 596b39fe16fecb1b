internal import CTrainingKernels

/// Adam whose step looks ahead by the momentum, as Nesterov's does.
///
/// - Update: moments as in ``Adam``; μₜ = β₁ (1 − ½ · 0.96^(t · momentumDecay));
///   p ← p − learningRate · ((1 − μₜ) / (1 − μ₁…μₜ) · g + μₜ₊₁ / (1 − μ₁…μₜ₊₁) · m) / (√(v / (1 − β₂ᵗ)) + ε).
/// - State: `firstMoment`, `secondMoment`.
/// - Source: Dozat 2016, "Incorporating Nesterov momentum into Adam", with the momentum schedule of its section 3.
public struct NAdam: Optimizer, FusedUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("NAdam", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("NAdam", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("NAdam", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero.
  @HyperParameter("NAdam", "weightDecay", .nonNegative) public var weightDecay: Double
  /// Whether the decay acts on the weights themselves, as in ``AdamW``, rather than as a penalty in the gradient.
  public var decoupled: Bool
  /// How fast the momentum grows to its end.
  @HyperParameter("NAdam", "momentumDecay", .nonNegative) public var momentumDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    decoupled: Bool = false, momentumDecay: Double = 4e-3
  ) {
    self.decoupled = decoupled
    self.momentumDecay = momentumDecay
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { Moments.names }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    let moments = Moments(beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
    let (mean, next) = (momentum(step.number), momentum(step.number + 1))
    let product = momentumProduct(step.number)
    return moments.update(
      tk_update_nadam, factor: step.learningRate * next / (1 - product * next),
      root: moments.secondCorrection, decoupled ? .decoupled(weightDecay) : .penalty(weightDecay),
      extra: step.learningRate * (1 - mean) / (1 - product))
  }

  private func momentum(_ step: Int) -> Double {
    beta1 * (1 - 0.5 * power(0.96, Double(step) * momentumDecay))
  }

  /// The product of the momenta so far; 0 as soon as it makes no difference to 1.
  private func momentumProduct(_ step: Int) -> Double {
    var product = 1.0
    for number in 1...step where product > 0 {
      product *= momentum(number)
      if product < 0x1p-60 { product = 0 }
    }
    return product
  }
}

extension NAdam {
  package static let samples: [any Optimizer] = [
    NAdam(), NAdam(weightDecay: 0.1), NAdam(weightDecay: 0.1, decoupled: true),
    NAdam(beta1: 0.5, momentumDecay: 0.1),
  ]
}
