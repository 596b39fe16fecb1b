/// Walks the stored properties of objects, so that modules and parameters have names without being registered.
package enum ObjectTree {
  /// Calls `visit` with every value below `root` and its path: property names and positions, joined by dots. Walks on
  /// into a value for which `visit` returns true.
  package static func walk(_ root: Any, _ visit: (_ path: String, _ value: Any) -> Bool) {
    descend(into: root, path: "", visit)
  }

  /// The path from one object to another below it; nil when it is not there.
  package static func path(from root: AnyObject, to target: AnyObject) -> String? {
    if root === target { return "" }
    var found: String?
    walk(root) { path, value in
      if found == nil, let object = object(value), object === target { found = path }
      return found == nil
    }
    return found
  }

  /// The paths of all objects below a root, and of the root itself, which is empty.
  package static func paths(below root: AnyObject) -> [ObjectIdentifier: String] {
    var paths = [ObjectIdentifier(root): ""]
    walk(root) { path, value in
      guard let object = object(value) else { return true }
      return paths.updateValue(path, forKey: ObjectIdentifier(object)) == nil
    }
    return paths
  }

  private static func descend(
    into value: Any, path: String, _ visit: (_ path: String, _ value: Any) -> Bool
  ) {
    var mirror: Mirror? = Mirror(reflecting: value)
    let isOptional = mirror?.displayStyle == .optional
    while let current = mirror {
      for (position, child) in current.children.enumerated() {
        guard isWalked(child.value) else { continue }
        let childPath = joined(path, isOptional ? "" : name(child.label, position))
        if visit(childPath, child.value) { descend(into: child.value, path: childPath, visit) }
      }
      mirror = current.superclassMirror
    }
  }

  private static func joined(_ path: String, _ name: String) -> String {
    path.isEmpty || name.isEmpty ? path + name : path + "." + name
  }

  private static func name(_ label: String?, _ position: Int) -> String {
    guard let label else { return "\(position)" }
    let lazyPrefix = "$__lazy_storage_$_"
    return label.hasPrefix(lazyPrefix) ? String(label.dropFirst(lazyPrefix.count)) : label
  }

  /// Tensors and plain values have nothing below them. An object is told from those at once, and they by slow casts.
  private static func isWalked(_ value: Any) -> Bool {
    type(of: value) is AnyClass || !(value is Tensor || value is any TensorScalar)
  }

  private static func object(_ value: Any) -> AnyObject? {
    type(of: value) is AnyClass ? value as AnyObject : nil
  }
}
