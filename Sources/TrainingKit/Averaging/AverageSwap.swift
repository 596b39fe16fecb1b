extension WeightAverage {
  /// Runs `body` while the model has the averages, and gives it its own weights and buffers back, also when `body`
  /// throws. Cheap: no values are copied but those of halves.
  ///
  /// Before the first update the model keeps its own weights. What `body` does to weights and buffers is undone.
  ///
  /// - Errors: `StateError` when the model has other parameters than the average, and whatever `body` throws. Traps
  ///   when the model has the averages already.
  public func withAveragedWeights<Result>(
    of model: some Module, _ body: () throws -> Result
  ) throws -> Result {
    guard hasOwnWeights(model, "withAveragedWeights") else { return try body() }
    let live = model.state()
    try model.load(averages(for: live, of: model))
    defer { model.restore(live) }
    let swapped = SwappedModels.current.adding(model)
    return try Context.current.scoping(swapped, body)
  }

  /// Gives the model the averages and keeps its own weights and buffers for ``swapOut(_:)``.
  ///
  /// - Errors: `StateError` when the model has other parameters than the average. Traps when the model has the averages
  ///   already.
  public mutating func swapIn(_ model: some Module) throws(StateError) {
    guard hasOwnWeights(model, "swapIn") else { return }
    let own = model.state()
    try model.load(averages(for: own, of: model))
    live = own
  }

  /// Gives the model its own weights and buffers back.
  ///
  /// - Errors: `StateError` when the model is another one than before. Traps when it does not have the averages.
  public mutating func swapOut(_ model: some Module) throws(StateError) {
    guard let own = live else {
      Context.current.fail(
        TensorError.argument(
          "swapOut", expected: "a model that has the averages", got: "its own weights"))
      return
    }
    try model.load(own)
    live = nil
  }

  /// Whether the model does not have the averages already; reports it when it does.
  package func hasOwnWeights(_ model: some Module, _ operation: String) -> Bool {
    guard live != nil || SwappedModels.current.contains(model) else { return true }
    Context.current.fail(
      TensorError.argument(
        operation, expected: "a model with its own weights", got: "one that has the averages"))
    return false
  }

  /// A model's whole state with the averages in it.
  private func averages(
    for own: [String: Tensor], of model: some Module
  ) throws(StateError) -> [String: Tensor] {
    guard updates > 0 else { return own }
    let missing = settings.tensors(of: ModuleMembers(of: model)).map(\.path).filter {
      weights[$0] == nil
    }
    guard missing.isEmpty else { throw .missing(missing) }
    return own.merging(weights) { $1 }
  }
}

/// The models that have averages in the innermost scope of the calling thread.
private struct SwappedModels: Sendable {
  private var models: Set<ObjectIdentifier> = []

  static var current: SwappedModels { Context.current.scoped(SwappedModels.self) ?? .init() }

  func contains(_ model: AnyObject) -> Bool { models.contains(ObjectIdentifier(model)) }

  func adding(_ model: AnyObject) -> SwappedModels {
    var result = self
    result.models.insert(ObjectIdentifier(model))
    return result
  }
}

extension Module {
  /// Takes a state of its own back.
  fileprivate func restore(_ state: [String: Tensor]) {
    do throws(StateError) {
      try load(state)
    } catch {
      Context.current.fail(error)
    }
  }
}
