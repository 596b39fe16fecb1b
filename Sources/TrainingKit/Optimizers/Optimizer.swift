/// A rule that moves parameters against their gradients.
///
///     var optimizer = AdamW(weightDecay: 0.01)
///     optimizer.update(model, with: gradients, learningRate: 1e-3)
///
/// An optimizer is a value: a copy is a snapshot of its state, and memory is shared until one of the two moves on.
/// One of your own keeps ``states``, names what it keeps for each parameter, and computes one parameter's update.
public protocol Optimizer: Sendable {
  /// What is kept of each parameter that was ever updated, by the parameter's path.
  var states: [String: ParameterState] { get set }

  /// The names of the tensors that one parameter's state consists of, each of the parameter's shape.
  var stateNames: [String] { get }

  /// The value of a parameter after one update. Holding no other reference to `value` lets it be overwritten in place.
  ///
  /// - Parameters:
  ///   - state: the parameter's; its `step` already counts this update.
  ///   - gradientScale: what the gradient is to be multiplied by first.
  func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor
}

/// What an optimizer keeps of one parameter.
public struct ParameterState: Sendable {
  /// How often the parameter was updated.
  public var step = 0
  /// Tensors by name, such as `velocity`; float32, or float64 for parameters in float64.
  public var tensors: [String: Tensor] = [:]

  /// Creates the state of a parameter that was never updated.
  public init() {}
}

extension Optimizer {
  /// Gives one parameter and its state memory that nobody else holds, without changing values; false after reporting
  /// that there is none, or that the gradient has another shape.
  package mutating func reserve(_ named: NamedParameter, gradient: Tensor) -> Bool {
    let parameter = named.parameter
    let (shape, dtype) = (parameter.value.shape, parameter.value.dtype.updateType)
    guard gradient.shape == shape else {
      Context.current.fail(
        TensorError.shape(
          "update", expected: "a gradient of \(shape) for \(named.path)", got: gradient.shape))
      return false
    }
    guard !gradient.isHollow else { return false }
    var isReserved = true
    parameter.update { (value: consuming Tensor) in
      let (tensor, isSole) = value.owned()
      isReserved = isSole
      return tensor
    }
    return isReserved && withState(of: named.path) { $1.reserve($0.stateNames, shape, dtype) }
  }

  /// Moves one parameter.
  package mutating func move(
    _ named: NamedParameter, gradient: Tensor, learningRate: Double, gradientScale: Double
  ) {
    withState(of: named.path) { optimizer, state in
      state.step += 1
      named.parameter.update { (value: consuming Tensor) in
        optimizer.updated(
          value, gradient: gradient, state: &state, learningRate: learningRate,
          gradientScale: gradientScale)
      }
    }
  }

  /// The state is taken out meanwhile, so that its tensors have one owner and can be overwritten.
  private mutating func withState<Result>(
    of path: String, _ body: (Self, inout ParameterState) -> Result
  ) -> Result {
    var state = states.removeValue(forKey: path) ?? ParameterState()
    defer { states[path] = state }
    return body(self, &state)
  }
}
