internal import CTrainingKernels

/// Steps of the gradient divided by the root of the sum of its squares so far.
///
/// - Update: g ← g + weightDecay · p; s ← s + g²;
///   p ← p − learningRate / (1 + (t − 1) · learningRateDecay) · g / (√s + ε).
/// - State: `squareSum`.
/// - Source: Duchi et al. 2011, "Adaptive subgradient methods for online learning and stochastic optimization".
public struct Adagrad: Optimizer, FusedUpdating {
  /// How fast the learning rate falls with the number of updates.
  @HyperParameter("Adagrad", "learningRateDecay", .nonNegative) public var learningRateDecay: Double
  /// What the sum of squares starts at.
  @HyperParameter("Adagrad", "initialSquareSum", .nonNegative) public var initialSquareSum: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("Adagrad", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("Adagrad", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    learningRateDecay: Double = 0, initialSquareSum: Double = 0, epsilon: Double = 1e-10,
    weightDecay: Double = 0
  ) {
    self.learningRateDecay = learningRateDecay
    self.initialSquareSum = initialSquareSum
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public func slots(for shape: Shape) -> [StateSlot] {
    [StateSlot("squareSum", shape, start: initialSquareSum)]
  }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    FusedUpdate(
      tk_update_adagrad,
      step.learningRate / (1 + Double(step.number - 1) * learningRateDecay), epsilon, weightDecay,
      gradientScale: step.gradientScale)
  }
}

extension Adagrad {
  package static let samples: [any Optimizer] = [
    Adagrad(), Adagrad(learningRateDecay: 1e-3, weightDecay: 0.1), Adagrad(initialSquareSum: 0.1),
  ]
}
