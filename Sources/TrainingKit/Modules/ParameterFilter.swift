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
    let pattern = PathPattern(pattern)
    return ParameterFilter { path, _ in pattern.matches(path) }
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
