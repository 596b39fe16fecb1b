internal import CTrainingKernels

/// Stochastic gradient descent, with momentum if asked for.
///
///     var optimizer = SGD(momentum: 0.9, nesterov: true)
///
/// - Update: g ← g + weightDecay · p; v ← momentum · v + (1 − dampening) · g, which starts at g;
///   p ← p − learningRate · v, or of g + momentum · v for Nesterov's.
/// - State: `velocity`, with momentum.
/// - Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
public struct SGD: Optimizer, FusedUpdating {
  /// The share of the velocity that stays.
  @HyperParameter("SGD", "momentum", .nonNegative) public var momentum: Double {
    didSet { checkNesterov() }
  }
  /// The share of the gradient that does not enter the velocity.
  @HyperParameter("SGD", "dampening", .finite) public var dampening: Double {
    didSet { checkNesterov() }
  }
  /// The pull toward zero, as a penalty in the gradient.
  @HyperParameter("SGD", "weightDecay", .nonNegative) public var weightDecay: Double
  /// Whether the step looks ahead by the velocity.
  public var nesterov: Bool {
    didSet { checkNesterov() }
  }
  /// What is kept of each parameter, by path.
  public var states: [String: ParameterState] = [:]

  /// Creates the optimizer.
  ///
  /// - Errors: traps when a number is out of its range, or `nesterov` has no momentum or some dampening.
  public init(
    momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, nesterov: Bool = false
  ) {
    self.nesterov = false
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    checkNesterov()
  }

  private func checkNesterov() {
    guard nesterov, momentum == 0 || dampening != 0 else { return }
    Context.current.fail(
      TensorError.argument(
        "SGD", expected: "a momentum above 0 and no dampening with nesterov",
        got: "momentum \(momentum) and dampening \(dampening)"))
  }

  /// What is kept of a parameter.
  public var stateNames: [String] { momentum == 0 ? [] : ["velocity"] }

  package func fusedUpdate(_ step: UpdateStep) -> FusedUpdate {
    if momentum == 0 {
      return FusedUpdate(
        tk_update_sgd, step.learningRate, weightDecay, gradientScale: step.gradientScale)
    }
    return FusedUpdate(
      tk_update_sgd_momentum, step.learningRate, weightDecay, momentum,
      step.number == 1 ? 1 : 1 - dampening, nesterov ? momentum : 0,
      gradientScale: step.gradientScale)
  }
}

extension SGD {
  package static let samples: [any Optimizer] = [
    SGD(), SGD(weightDecay: 0.1), SGD(momentum: 0.9), SGD(momentum: 0.9, dampening: 0.5),
    SGD(momentum: 0.9, weightDecay: 0.1, nesterov: true),
  ]
}
