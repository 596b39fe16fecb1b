extension WeightAverage {
  /// The averages as tensors, by `weights.` and the path, with the numbers of `steps` and `updates`. Taking it is
  /// cheap: memory is shared until training moves on.
  public func state() -> [String: Tensor] {
    var result = ["steps": Tensor(steps), "updates": Tensor(updates)]
    for (path, tensor) in weights { result["weights.\(path)"] = tensor }
    return result
  }

  /// Takes over a state for the tensors of a model. Nothing changes when it throws.
  ///
  /// - Errors: `StateError` when the state lacks something, or has other tensors than the settings ask for.
  public mutating func load(
    _ state: [String: Tensor], for model: some Module
  ) throws(StateError) {
    var rest = state
    let (newSteps, newUpdates) = (try count("steps", &rest), try count("updates", &rest))
    var loaded: [String: Tensor] = [:]
    for each in newUpdates > 0 ? settings.tensors(of: ModuleMembers(of: model)) : [] {
      let tensor = try take("weights.\(each.path)", of: each.value.shape, from: &rest)
      let dtype = each.value.dtype
      loaded[each.path] = tensor.cast(to: each.isCopied ? dtype : dtype.updateType)
    }
    guard rest.isEmpty else { throw .unexpected(rest.keys.sorted()) }
    (steps, updates, weights) = (newSteps, newUpdates, loaded)
  }

  private func count(_ key: String, _ rest: inout [String: Tensor]) throws(StateError) -> Int {
    try take(key, of: .scalar, from: &rest).count(at: key)
  }

  private func take(
    _ key: String, of shape: Shape, from rest: inout [String: Tensor]
  ) throws(StateError) -> Tensor {
    guard let tensor = rest.removeValue(forKey: key) else { throw .missing([key]) }
    guard tensor.shape == shape else {
      throw .shape(path: key, expected: shape, got: tensor.shape)
    }
    return tensor.detached()
  }
}
