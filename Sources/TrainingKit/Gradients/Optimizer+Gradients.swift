extension Optimizer {
  /// Moves the trainable parameters of a model that have a gradient. Those without one are left alone, state included.
  ///
  /// - Parameter gradientScale: what gradients are multiplied by first, such as the factor of a clipping.
  /// - Errors: traps when the learning rate is negative, NaN or infinite, the scale is NaN or infinite, or a gradient
  ///   has another shape than its parameter; nothing changes then. Optimizers that measure their steps may run out of
  ///   memory for one parameter's, which then stays as it is.
  public mutating func update(
    _ model: some Module, with gradients: Gradients, learningRate: Double,
    gradientScale: Double = 1
  ) {
    update(
      model.parameters, with: gradients, learningRate: learningRate, gradientScale: gradientScale)
  }

  /// The same for parameters that are known already.
  package mutating func update(
    _ parameters: [NamedParameter], with gradients: Gradients, learningRate: Double,
    gradientScale: Double = 1
  ) {
    guard NumberRange.nonNegative.check(learningRate, "a learning rate", of: "update"),
      NumberRange.finite.check(gradientScale, "a gradient scale", of: "update")
    else { return }
    let moves = parameters.filter(\.parameter.isTrainable).compactMap { named in
      gradients.unscaled(named.path).map { gradient, factor in
        (move: ParameterMove(named, gradient, rule(for: named)), factor: factor)
      }
    }
    Context.current.charging(.optimizer) {
      // Memory for all of them first: an update is done whole or not at all.
      guard moves.allSatisfy({ reserve($0.move) }) else { return }
      for (move, factor) in moves {
        self.move(move, learningRate: learningRate, gradientScale: gradientScale * factor)
      }
    }
  }
}
