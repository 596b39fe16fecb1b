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

  /// The names of the tensors that one parameter's state consists of, where each has the parameter's shape and starts
  /// at zero. None by default.
  var stateNames: [String] { get }

  /// The tensors that the state of a parameter of a shape consists of. Those of ``stateNames`` by default.
  func slots(for shape: Shape) -> [StateSlot]

  /// The rule for one parameter: this optimizer, unless parameters differ. See
  /// ``varying(_:learningRateFactor:rounding:state:_:)``.
  func rule(for parameter: NamedParameter) -> UpdateRule

  /// The value of a parameter after one update. Holding no other reference to `value` lets it be overwritten in place.
  ///
  /// - Parameters:
  ///   - value: in float32 where the parameter is in half precision; ``HalfRounding`` says what becomes of the result.
  ///   - state: the parameter's, in float32 where it is kept in half precision; its `step` already counts this update.
  ///   - gradientScale: what the gradient is to be multiplied by first.
  func updated(
    _ value: consuming Tensor, gradient: Tensor, state: inout ParameterState, learningRate: Double,
    gradientScale: Double
  ) -> Tensor
}

extension Optimizer {
  /// None.
  public var stateNames: [String] { [] }

  /// Tensors of the parameter's shape that start at zero.
  public func slots(for shape: Shape) -> [StateSlot] { stateNames.map { StateSlot($0, shape) } }

  /// This optimizer for every parameter.
  public func rule(for parameter: NamedParameter) -> UpdateRule { UpdateRule(self) }
}

/// A tensor that an optimizer keeps of a parameter.
public struct StateSlot: Sendable, Hashable {
  /// Its name, such as `velocity`.
  public let name: String
  /// Its shape.
  public let shape: Shape
  /// What its elements are before the first update.
  public let start: Double
  /// Nil for float32, or float64 where the parameter is in float64.
  let dtype: DType?

  /// Describes a tensor of a state.
  public init(_ name: String, _ shape: Shape, start: Double = 0) {
    self.init(name, shape, start: start, dtype: nil)
  }

  init(_ name: String, _ shape: Shape, start: Double = 0, dtype: DType?) {
    (self.name, self.shape, self.start, self.dtype) = (name, shape, start, dtype)
  }
}

/// How one parameter is moved.
public struct UpdateRule: Sendable {
  /// What computes the update. Its own states are not used.
  public let optimizer: any Optimizer
  /// What the learning rate is multiplied by.
  @HyperParameter("UpdateRule", "learningRateFactor", .nonNegative) public var learningRateFactor:
    Double
  /// What becomes of results that the parameter has no room for.
  public var rounding = HalfRounding.compensated
  /// How what is kept of the parameter is kept.
  public var stateType = StateType.full

  /// Whether an update needs no memory beside the parameter and its state.
  let isOnePass: Bool
  /// Whether an update needs memory for one tensor beside them.
  let needsRoom: Bool

  /// Moves a parameter as an optimizer does.
  public init(_ optimizer: some Optimizer) {
    self.init(
      optimizer, isOnePass: optimizer is any FusedUpdating,
      needsRoom: optimizer is any OneRoomUpdating)
  }

  /// The same for an optimizer of which it is known what updates need: asking takes longer than a small update.
  init(_ optimizer: some Optimizer, isOnePass: Bool, needsRoom: Bool) {
    (self.isOnePass, self.needsRoom) = (isOnePass, needsRoom)
    // A second reference to the tensors would have them copied.
    var optimizer = optimizer
    optimizer.states = [:]
    self.optimizer = optimizer
    learningRateFactor = 1
  }
}
