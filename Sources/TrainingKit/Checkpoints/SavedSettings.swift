/// The settings of a value that code makes and no file restores, such as an optimizer's hyper-parameters: numbers,
/// flags and names of cases in its stored properties, as texts by path.
struct SavedSettings: Codable {
  let kind: String
  private(set) var values: [String: String] = [:]

  /// Describes a value, or that there is none.
  init(of subject: Any?) {
    kind = subject.map { "\(type(of: $0))" } ?? "none"
    if let subject { describe(subject, path: "") }
  }

  private mutating func describe(_ value: Any, path: String) {
    switch value {
    case let parameter as HyperParameter: values[path] = "\(parameter.wrappedValue)"
    case is any BinaryFloatingPoint, is any BinaryInteger, is Bool, is String:
      values[path] = "\(value)"
    case is Tensor, is [String: Tensor], is [String: ParameterState], is ClippingHistory: break
    default: describeParts(of: value, path: path)
    }
  }

  private mutating func describeParts(of value: Any, path: String) {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    // What a reference leads to is shared, not set.
    case .class: return
    // Their order differs from run to run.
    case .dictionary, .set:
      return values[path] = mirror.children.map { "\($0.value)" }.sorted().joined(separator: ", ")
    case .enum where mirror.children.isEmpty: return values[path] = "\(value)"
    default: break
    }
    for (position, child) in mirror.children.enumerated() {
      // A wrapped property is stored under its name behind an underscore; what has no name is numbered behind a point.
      let label = child.label ?? "\(position)"
      let name = label.hasPrefix("_") || label.hasPrefix(".") ? String(label.dropFirst()) : label
      describe(child.value, path: path + (path.isEmpty ? "" : ".") + name)
    }
  }

  /// The first setting that another value has not, or has different, with the texts of both; nil when there is none.
  func difference(from other: SavedSettings) -> (name: String, own: String, other: String)? {
    if kind != other.kind { return ("kind", kind, other.kind) }
    let names = Set(values.keys).union(other.values.keys).sorted()
    return names.first { values[$0] != other.values[$0] }.map {
      ($0, values[$0] ?? "none", other.values[$0] ?? "none")
    }
  }
}
