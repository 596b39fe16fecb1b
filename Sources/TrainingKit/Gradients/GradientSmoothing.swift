/// The exponential moving average of gradients, in place of each step's own.
///
///     var smoothing = GradientSmoothing(decay: 0.9)
///     optimizer.update(model, with: smoothing.smoothed(gradients), learningRate: 0.1)
///
/// With decay d, m ← d · m + (1 − d) · g from m = 0, and the t-th smoothed gradient of a parameter is m / (1 − dᵗ),
/// which is the first gradient itself for t = 1. It averages gradients; the weights are those of the latest step.
/// A smoothing is a value: a copy is a snapshot.
///
/// - Numerics: averages are float32, or float64 for gradients in float64, and so are the smoothed gradients.
public struct GradientSmoothing: Sendable {
  /// The share of the average that stays.
  @HyperParameter("GradientSmoothing", "decay", .fraction) public var decay: Double
  /// What is kept of each parameter that ever had a gradient, by path: its `average`, before the correction.
  public private(set) var states: [String: ParameterState] = [:]

  /// Creates a smoothing that has seen no gradients.
  ///
  /// - Errors: traps when decay is not from 0 to below 1.
  public init(decay: Double = 0.9) { self.decay = decay }

  /// Takes note of gradients and gives their averages so far.
  ///
  /// A parameter without a gradient has none in the result, and keeps its average. When a gradient has a NaN or an
  /// infinity, none is taken note of and all are returned as they came.
  ///
  /// - Errors: traps when a gradient has another shape than the parameter's gradients before.
  public mutating func smoothed(_ gradients: Gradients) -> Gradients {
    guard gradients.firstNonFinite == nil, hasShapes(of: gradients) else { return gradients }
    let smoothed = gradients.paths.map { path in
      let (gradient, factor) = gradients.unscaled(path)!
      return (path, take(gradient.detached(), times: factor, of: path))
    }
    return gradients.replacing(Dictionary(uniqueKeysWithValues: smoothed))
  }

  private mutating func take(_ gradient: Tensor, times factor: Double, of path: String) -> Tensor {
    let dtype = gradient.dtype.updateType
    let share = gradient.cast(to: dtype) * (factor * (1 - decay))
    var state = states[path] ?? ParameterState()
    state.step += 1
    let moved = state.tensors["average"].map { $0.cast(to: dtype) * decay + share } ?? share
    state.tensors["average"] = moved
    states[path] = state
    return moved / (1 - power(decay, state.step))
  }

  /// Puts others in place of the averages.
  package mutating func replaceTensors(_ transform: (Tensor) -> Tensor) {
    for path in states.keys { states[path]!.tensors = states[path]!.tensors.mapValues(transform) }
  }

  private func hasShapes(of gradients: Gradients) -> Bool {
    for path in gradients.paths {
      guard let shape = states[path]?.tensors["average"]?.shape else { continue }
      guard gradients[path]!.shape == shape else {
        let error = TensorError.shape(
          "smoothed", expected: "a gradient of \(shape) for \(path)", got: gradients[path]!.shape)
        Context.current.fail(error)
        return false
      }
    }
    return true
  }
}

extension GradientSmoothing {
  /// Everything that is kept, as tensors by path: `hidden.weight.average`, and `hidden.weight.step` for the number of
  /// gradients. Taking it is cheap.
  public func state() -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (path, state) in states {
      result["\(path).step"] = Tensor(state.step)
      result["\(path).average"] = state.tensors["average"]!
    }
    return result
  }

  /// Takes over a state for the parameters of a model. Nothing changes when it throws.
  ///
  /// - Errors: `StateError` when a parameter's state is incomplete or has another shape than the parameter, or the
  ///   model lacks the parameter.
  public mutating func load(
    _ state: [String: Tensor], for model: some Module
  ) throws(StateError) {
    var loaded: [String: ParameterState] = [:]
    var known: Set<String> = []
    for named in model.parameters {
      let (step, average) = ("\(named.path).step", "\(named.path).average")
      known.formUnion([step, average])
      let missing = [step, average].filter { state[$0] == nil }
      if missing.count == 2 { continue }
      guard missing.isEmpty else { throw .missing(missing) }
      let shape = named.parameter.value.shape
      guard state[average]!.shape == shape else {
        throw .shape(path: average, expected: shape, got: state[average]!.shape)
      }
      var own = ParameterState()
      own.step = try state[step]!.count(at: step)
      own.tensors["average"] = state[average]!.detached()
      loaded[named.path] = own
    }
    let unexpected = state.keys.filter { !known.contains($0) }
    guard unexpected.isEmpty else { throw .unexpected(unexpected.sorted()) }
    states = loaded
  }
}
