internal import CTrainingKernels

/// AdamW that takes shorter steps while gradients are larger than what it has seen, in place of clipping them.
///
/// - Update: moments that start corrected, with βₜ = β (1 − βᵗ⁻¹) / (1 − βᵗ) in place of each β;
///   r = √(mean of g² / max(v, ε²)); η = learningRate / max(1, r); p ← (1 − η · weightDecay) p − η · m / (√v + ε).
/// - State: `firstMoment`, `secondMoment`; memory for one parameter's gradient while its size is measured.
/// - Source: Wortsman et al. 2023, algorithm 2, arXiv:2304.13013.
public struct StableAdamW: Optimizer, OneRoomUpdating {
  /// The share of the mean gradient that stays.
  @HyperParameter("StableAdamW", "beta1", .fraction) public var beta1: Double
  /// The share of the mean square that stays.
  @HyperParameter("StableAdamW", "beta2", .fraction) public var beta2: Double
  /// What is added to the root; it has the units of a gradient.
  @HyperParameter("StableAdamW", "epsilon", .nonNegative) public var epsilon: Double
  /// The share of the weights, times the learning rate, that each update takes away.
  @HyperParameter("StableAdamW", "weightDecay", .nonNegative) public var weightDecay: Double
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.99, epsilon: Double = 1e-6, weightDecay: Double = 0.01
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
    let step = UpdateStep(
      number: state.step, learningRate: learningRate, gradientScale: gradientScale)
    let slots = slots(for: value.shape)
    let moments = Moments(
      beta1: corrected(beta1, step.number), beta2: corrected(beta2, step.number), epsilon: epsilon,
      step: step)
    let measure = moments.update(tk_update_stable_moments, factor: 0, extra: epsilon * epsilon)
    let (ratio, gradient) = (value.room, gradient.prepared(for: value.dtype))
    guard state.reserve(slots, value.dtype.updateType), !ratio.isHollow, !gradient.isHollow else {
      return value
    }
    measure.write(into: ratio, gradient: gradient, slots.map { state.tensors[$0.name]! })
    let rate = learningRate / max(1, ratio.rootMeanSquare)
    // Moments that keep all they have stay as they are, whatever the gradient.
    let still = Moments(
      beta1: 1, beta2: 1, epsilon: epsilon,
      step: UpdateStep(number: step.number, learningRate: rate, gradientScale: 1))
    return still.update(tk_update_adam, factor: rate, .decoupled(weightDecay))(
      value, gradient: ratio, state: &state, slots)
  }

  private func corrected(_ beta: Double, _ step: Int) -> Double {
    beta * (1 - power(beta, step - 1)) / (1 - power(beta, step))
  }
}

extension StableAdamW {
  package static let samples: [any Optimizer] = [
    StableAdamW(), StableAdamW(weightDecay: 0.1), StableAdamW(beta1: 0, beta2: 0.9),
  ]
}
