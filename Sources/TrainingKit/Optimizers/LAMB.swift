internal import CTrainingKernels

/// Adam whose step is, for each parameter tensor, as long as the tensor times the learning rate: for large batches.
///
/// - Update: moments as in ``Adam``; d = m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + ε) + weightDecay · p;
///   p ← p − learningRate · ‖p‖ / ‖d‖ · d, without the ratio where a norm is 0.
/// - State: `firstMoment`, `secondMoment`; memory for one parameter's step while it is computed.
/// - Source: You et al. 2020, algorithm 2 with the identity for φ, arXiv:1904.00962.
public struct LAMB: Optimizer, OneRoomUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("LAMB", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("LAMB", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("LAMB", "epsilon", .nonNegative) public var epsilon: Double
  /// The pull toward zero, as a part of the step.
  @HyperParameter("LAMB", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { Moments.names }

  /// The value of a parameter after one update.
  public func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor {
    let direction = value.room
    if direction.isHollow { return value }
    let moments = Moments(
      beta1: beta1, beta2: beta2, epsilon: epsilon,
      step: UpdateStep(
        number: state.step, learningRate: learningRate, gradientScale: gradientScale))
    let measure = moments.update(
      tk_update_lamb_direction, factor: 1 / moments.firstCorrection,
      root: moments.secondCorrection.squareRoot(), .penalty(weightDecay))
    let slots = slots(for: value.shape)
    let value = measure(
      value, gradient: gradient, state: &state, slots, direction: direction)
    let (size, length) = (value.rootMeanSquare, direction.rootMeanSquare)
    let ratio = size > 0 && length > 0 ? size / length : 1
    return FusedUpdate(tk_update_descent, learningRate * ratio, 1)(
      value, gradient: direction, state: &state)
  }
}

extension LAMB {
  package static let samples: [any Optimizer] = [
    LAMB(), LAMB(weightDecay: 0.1), LAMB(beta1: 0.5, beta2: 0.9, epsilon: 1e-4),
  ]
}
