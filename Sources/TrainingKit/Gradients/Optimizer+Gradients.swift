extension Optimizer {
  /// Moves the trainable parameters of a model that have a gradient. Those without one are left alone, state included.
  ///
  /// - Parameter gradientScale: what gradients are multiplied by first, such as the factor of a clipping.
  /// - Errors: traps when the learning rate is negative, NaN or infinite, or a gradient has another shape than its
  ///   parameter; nothing changes then.
  public mutating func update(
    _ model: some Module, with gradients: Gradients, learningRate: Double,
    gradientScale: Double = 1
  ) {
    guard NumberRange.nonNegative.check(learningRate, "a learning rate", of: "update") else {
      return
    }
    var moves: [(named: NamedParameter, gradient: Tensor)] = []
    for named in model.parameters where named.parameter.isTrainable {
      guard let gradient = gradients[named.path] else { continue }
      moves.append((named, gradient.cast(to: named.parameter.value.dtype.updateType).contiguous()))
    }
    // Memory for all of them first: an update is done whole or not at all.
    guard moves.allSatisfy({ reserve($0.named, gradient: $0.gradient) }) else { return }
    for (named, gradient) in moves {
      move(named, gradient: gradient, learningRate: learningRate, gradientScale: gradientScale)
    }
  }
}
