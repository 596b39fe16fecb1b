extension Optimizer {
  /// Moves the trainable parameters of a model that have a gradient. Those without one are left alone, state included.
  ///
  /// - Parameter gradientScale: what gradients are multiplied by first, such as the factor of a clipping.
  /// - Errors: traps when the learning rate is negative, NaN or infinite, the scale is NaN or infinite, or a gradient
  ///   has another shape than its parameter, or when memory runs out; nothing changes then. Where an update is more
  ///   than one pass, old values are kept for that until all is done.
  public mutating func update(
    _ model: some Module, with gradients: Gradients, learningRate: Double,
    gradientScale: Double = 1
  ) {
    update(
      rules(for: model.parameters), with: gradients, learningRate: learningRate,
      gradientScale: gradientScale)
  }

  /// The same for parameters whose rules are known already.
  package mutating func update(
    _ rules: [ParameterRule], with gradients: Gradients, learningRate: Double,
    gradientScale: Double = 1
  ) {
    guard NumberRange.nonNegative.check(learningRate, "a learning rate", of: "update"),
      NumberRange.finite.check(gradientScale, "a gradient scale", of: "update")
    else { return }
    let moves = rules.filter(\.named.parameter.isTrainable).compactMap { rule in
      gradients.unscaled(rule.named.path).map { gradient, factor in
        ParameterMove(rule, gradient, factor: gradientScale * factor)
      }
    }
    Context.current.charging(.optimizer) { moveAll(moves, learningRate: learningRate) }
  }
}
