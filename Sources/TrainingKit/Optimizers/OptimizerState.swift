extension Optimizer {
  /// Everything that is kept of the parameters, as tensors by path: `hidden.weight.velocity`, and `hidden.weight.step`
  /// for the number of updates. Taking it is cheap: memory is shared until training moves on.
  public func state() -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (path, state) in states {
      result["\(path).step"] = Tensor(state.step)
      for (name, tensor) in state.tensors { result["\(path).\(name)"] = tensor }
    }
    return result
  }

  /// Takes over a state for the parameters of a model. Nothing changes when it throws.
  ///
  /// Tensors are converted to the dtypes that this optimizer keeps.
  ///
  /// - Errors: `StateError` when a parameter's state is incomplete, has other names than this optimizer's or another
  ///   shape than the parameter's, or its `step` is no whole number.
  public mutating func load(
    _ state: [String: Tensor], for model: some Module
  ) throws(StateError) {
    var rest = state
    var loaded: [String: ParameterState] = [:]
    for named in model.parameters {
      loaded[named.path] = try parameterState(of: named, taking: &rest)
    }
    guard rest.isEmpty else { throw .unexpected(rest.keys.sorted()) }
    states = loaded
  }

  /// Takes one parameter's tensors out of `rest`; nil when there are none, as before its first update.
  private func parameterState(
    of named: NamedParameter, taking rest: inout [String: Tensor]
  ) throws(StateError) -> ParameterState? {
    let value = named.parameter.value
    let slots = rule(for: named).slots(for: value)
    let (stepKey, keys) = ("\(named.path).step", slots.map { "\(named.path).\($0.name)" })
    let missing = (keys + [stepKey]).filter { rest[$0] == nil }
    if missing.count == keys.count + 1 { return nil }
    guard missing.isEmpty else { throw .missing(missing) }
    var state = ParameterState()
    state.step = try rest.removeValue(forKey: stepKey)!.count(at: stepKey)
    for (slot, key) in zip(slots, keys) {
      state.tensors[slot.name] = try take(key, of: slot.shape, from: &rest)
        .cast(to: slot.dtype ?? value.dtype.updateType)
    }
    // A file takes it at once, so that it is in memory no longer than what is loaded.
    if StateHome.current.isFile { _ = state.settle(slots, value.dtype.updateType) }
    return state
  }

  private func take(
    _ key: String, of shape: Shape, from rest: inout [String: Tensor]
  ) throws(StateError) -> Tensor {
    let tensor = rest.removeValue(forKey: key)!
    guard tensor.shape == shape else {
      throw .shape(path: key, expected: shape, got: tensor.shape)
    }
    return tensor.detached()
  }
}
