internal import CTrainingKernels

/// What the rows of moments of the update table are told at one step.
struct Moments {
  let beta1, beta2, epsilon: Double
  let step: UpdateStep

  /// What the first moment lacks for having started at zero.
  var firstCorrection: Double { 1 - power(beta1, step.number) }
  /// What the second moment lacks for having started at zero.
  var secondCorrection: Double { 1 - power(beta2, step.number) }
  /// The learning rate by which the first moment moves a parameter.
  var factor: Double { step.learningRate / firstCorrection }

  /// The row with its scalars.
  ///
  /// - Parameters:
  ///   - root: how the row corrects its root.
  ///   - extra: the row's own scalar.
  func update(
    _ row: tk_update, factor: Double, root: Double = 1, _ decay: WeightDecay = .none,
    extra: Double = 0
  ) -> FusedUpdate {
    FusedUpdate(
      row, factor, 1 - beta1, beta2, 1 - beta2, root, epsilon, decay.penalty,
      decay.factor(step.learningRate), extra, gradientScale: step.gradientScale)
  }

  /// Adam's step.
  func adam(amsgrad: Bool, _ decay: WeightDecay) -> FusedUpdate {
    update(
      amsgrad ? tk_update_amsgrad : tk_update_adam, factor: factor,
      root: secondCorrection.squareRoot(), decay)
  }

  static let names = ["firstMoment", "secondMoment"]
}

/// Where the pull toward zero acts.
enum WeightDecay {
  case none
  /// In the gradient.
  case penalty(Double)
  /// On the weights themselves.
  case decoupled(Double)

  var penalty: Double { if case .penalty(let decay) = self { decay } else { 0 } }

  /// What weights are multiplied by.
  func factor(_ learningRate: Double) -> Double {
    if case .decoupled(let decay) = self { 1 - learningRate * decay } else { 1 }
  }
}
