/// What the stored properties of a module hold, found in one walk. Walks are slow beside a step of a small network, so
/// what needs several kinds of members shares one.
package struct ModuleMembers {
  package private(set) var parameters: [NamedParameter] = []
  package private(set) var buffers: [(path: String, buffer: Buffer)] = []
  package private(set) var modes: [Mode] = []
  /// The modules below the module.
  package private(set) var modules: [(path: String, module: AnyObject)] = []

  package init(of module: some Module) {
    var visited: Set = [ObjectIdentifier(module)]
    ObjectTree.walk(module) { path, value in
      guard type(of: value) is AnyClass else { return true }
      let object = value as AnyObject
      guard visited.insert(ObjectIdentifier(object)).inserted else { return false }
      return add(object, at: path)
    }
  }

  /// Whether there may be members below the object.
  private mutating func add(_ object: AnyObject, at path: String) -> Bool {
    switch object {
    case let parameter as Parameter:
      parameters.append(NamedParameter(path: path, parameter: parameter))
    case let buffer as Buffer: buffers.append((path, buffer))
    case let mode as Mode: modes.append(mode)
    default:
      modules.append((path, object))
      return true
    }
    return false
  }
}

extension ModuleMembers {
  /// Parameters and buffers by path.
  package var state: [String: Tensor] {
    var state: [String: Tensor] = [:]
    for named in parameters { state[named.path] = named.parameter.value.detached() }
    for (path, buffer) in buffers { state[path] = buffer.value }
    return state
  }
}
