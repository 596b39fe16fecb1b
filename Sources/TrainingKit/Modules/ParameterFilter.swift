/// Which parameters of a model a rule is for.
///
///     let heads: ParameterFilter = .path("head.**") || .path("blocks.*.output.weight")
///     model.parameters.filter(heads.contains)
public struct ParameterFilter: Sendable {
  private let holds: @Sendable (_ path: String, _ shape: Shape) -> Bool

  /// The parameters whose path and shape `holds` agrees to.
  public init(_ holds: @escaping @Sendable (_ path: String, _ shape: Shape) -> Bool) {
    self.holds = holds
  }

  /// Every parameter.
  public static let all = ParameterFilter { _, _ in true }

  /// Parameters of at most one axis: biases, and the weights of norms.
  public static let biasesAndNorms = ParameterFilter { _, shape in shape.rank <= 1 }

  /// The parameters whose path matches a pattern: names joined by dots, where `*` stands for any characters within a
  /// name and `**` for any number of names.
  public static func path(_ pattern: String) -> ParameterFilter {
    let names = pattern.split(separator: ".", omittingEmptySubsequences: false)
    return ParameterFilter { path, _ in
      matches(path.split(separator: ".", omittingEmptySubsequences: false)[...], names[...])
    }
  }

  /// Whether the filter lets a parameter through.
  public func contains(_ named: NamedParameter) -> Bool {
    holds(named.path, named.parameter.value.shape)
  }

  /// The parameters that another filter does not let through.
  public static prefix func ! (filter: ParameterFilter) -> ParameterFilter {
    ParameterFilter { !filter.holds($0, $1) }
  }

  /// The parameters that either of two filters lets through.
  public static func || (a: ParameterFilter, b: ParameterFilter) -> ParameterFilter {
    ParameterFilter { a.holds($0, $1) || b.holds($0, $1) }
  }

  /// The parameters that both filters let through.
  public static func && (a: ParameterFilter, b: ParameterFilter) -> ParameterFilter {
    ParameterFilter { a.holds($0, $1) && b.holds($0, $1) }
  }
}

/// Whether a path matches names of a pattern.
private func matches(_ path: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
  guard let name = pattern.first else { return path.isEmpty }
  let rest = pattern.dropFirst()
  if name == "**" {
    return matches(path, rest) || (!path.isEmpty && matches(path.dropFirst(), pattern))
  }
  guard let first = path.first, matches(first, name) else { return false }
  return matches(path.dropFirst(), rest)
}

/// Whether a name matches a pattern in which `*` stands for any characters.
private func matches(_ name: Substring, _ pattern: Substring) -> Bool {
  guard let character = pattern.first else { return name.isEmpty }
  let rest = pattern.dropFirst()
  if character == "*" {
    return matches(name, rest) || (!name.isEmpty && matches(name.dropFirst(), pattern))
  }
  return name.first == character && matches(name.dropFirst(), rest)
}
