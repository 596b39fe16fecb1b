extension Module {
  /// Starts some parameters anew, in the order of their declaration.
  ///
  ///     model.initialize(where: .path("**.weight"), with: .truncatedNormal(0, 0.02))
  ///
  /// - Parameter generator: where random numbers come from.
  /// - Returns: the paths of the parameters that the filter lets through.
  /// - Errors: traps, and changes nothing, when the filter lets no parameter through, or the
  ///   initializer cannot make values of the shape of one.
  @discardableResult
  public func initialize(
    where filter: ParameterFilter = .all, with initializer: Initializer,
    generator: RandomGenerator = .current
  ) -> [String] {
    let chosen = parameters.filter(filter.contains)
    if let mistake = mistake(of: initializer, for: chosen) {
      Context.current.fail(mistake)
      return []
    }
    for parameter in chosen.map(\.parameter) {
      let (shape, dtype) = (parameter.value.shape, parameter.value.dtype)
      parameter.value = initializer(shape, dtype: dtype, generator: generator)
    }
    return chosen.map(\.path)
  }

  private func mistake(of initializer: Initializer, for chosen: [NamedParameter]) -> TensorError? {
    if chosen.isEmpty {
      let paths = parameters.map(\.path).joined(separator: ", ")
      return .argument(
        "initialize", expected: "a filter that lets a parameter through",
        got: "none of \(paths.isEmpty ? "no parameters" : paths)")
    }
    for named in chosen {
      guard var mistake = initializer.mistake(for: named.parameter.value.shape) else { continue }
      mistake.path = named.path
      return mistake
    }
    return nil
  }
}
