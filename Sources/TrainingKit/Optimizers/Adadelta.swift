internal import CTrainingKernels

/// Steps in the units of the parameter: the gradient by the root of its mean square, times that of the steps so far.
///
/// - Update: g ← g + weightDecay · p; s ← ρ s + (1 − ρ) g²; d = √(a + ε) / √(s + ε) · g;
///   a ← ρ a + (1 − ρ) d²; p ← p − learningRate · d.
/// - Units: a learning rate of 1 is the paper's.
/// - State: `squareAverage`, `stepAverage`.
/// - Source: Zeiler 2012, algorithm 1, arXiv:1212.5701.
public struct Adadelta: Optimizer, FusedUpdating {
  /// The share of the mean squares that stays.
  @HyperParameter("Adadelta", "rho", .share) public var rho: Double
  /// What is added to the mean squares; it also sets the size of the first steps.
  @HyperParameter("Adadelta", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("Adadelta", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0) {
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { ["squareAverage", "stepAverage"] }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    FusedUpdate(
      tk_update_adadelta, step.learningRate, rho, 1 - rho, epsilon, weightDecay,
      gradientScale: step.gradientScale)
  }
}

extension Adadelta {
  package static let samples: [any Optimizer] = [
    Adadelta(epsilon: 1e-2), Adadelta(rho: 0.5, epsilon: 1e-2, weightDecay: 0.1),
  ]
}
