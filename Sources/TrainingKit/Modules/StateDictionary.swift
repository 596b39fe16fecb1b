/// What does not fit when a state is loaded into a module.
public enum StateError: Error, Sendable, Hashable {
  /// The state lacks values that the module has.
  case missing([String])
  /// The state has values that the module lacks.
  case unexpected([String])
  /// A value has another shape than the module's.
  case shape(path: String, expected: Shape, got: Shape)
  /// A value that counts something is no whole number of 0 or more.
  case count(path: String, got: Double)
}

extension StateError: CustomStringConvertible {
  /// What was expected and what came.
  public var description: String {
    switch self {
    case .missing(let paths):
      "load: expected values for \(paths.joined(separator: ", ")), got none"
    case .unexpected(let paths):
      "load: expected only values that the module has, got \(paths.joined(separator: ", "))"
    case .shape(let path, let expected, let got):
      "load: expected \(path) of \(expected), got \(got)"
    case .count(let path, let got):
      "load: expected \(path) to be a whole number of 0 or more, got \(got)"
    }
  }
}

extension Tensor {
  /// The number of a state that counts something.
  package func count(at path: String) throws(StateError) -> Int {
    guard shape == .scalar else { throw .shape(path: path, expected: .scalar, got: shape) }
    guard let count = Int(exactly: item()), count >= 0 else {
      throw .count(path: path, got: item())
    }
    return count
  }
}

extension Tensor {
  /// The same values in the dtype of another tensor, on its device.
  fileprivate func fitted(to other: Tensor) -> Tensor {
    let there = to(other.device)
    return there.onItsDevice { _ in there.cast(to: other.dtype) }
  }
}

extension Module {
  /// All parameters and buffers by path. Taking it is cheap: memory is shared until training moves on.
  public func state() -> [String: Tensor] {
    ModuleMembers(of: self).state
  }

  /// Takes over all parameters and buffers, converted to the module's dtypes. Nothing changes when it throws.
  ///
  /// - Errors: `StateError` when paths or shapes differ.
  public func load(_ state: [String: Tensor]) throws(StateError) {
    let own = self.state()
    try check(state, against: own)
    let members = ModuleMembers(of: self)
    for named in members.parameters {
      named.parameter.value = state[named.path]!.fitted(to: named.parameter.value)
    }
    for (path, buffer) in members.buffers {
      buffer.value = state[path]!.fitted(to: buffer.value)
    }
  }

  private func check(
    _ state: [String: Tensor], against own: [String: Tensor]
  ) throws(StateError) {
    let missing = own.keys.filter { state[$0] == nil }.sorted()
    guard missing.isEmpty else { throw .missing(missing) }
    let unexpected = state.keys.filter { own[$0] == nil }.sorted()
    guard unexpected.isEmpty else { throw .unexpected(unexpected) }
    for (path, tensor) in own where state[path]!.shape != tensor.shape {
      throw .shape(path: path, expected: tensor.shape, got: state[path]!.shape)
    }
  }
}
