/// Runs `body`, and tells of every call of a module or an operation in it, as it ends.
///
///     observing(model, with: { print($0.path ?? "outside", $0.name) }) { model(x) }
///
/// Results have the same bits as without. An observation that is kept keeps its tensors, and what the observer itself
/// computes is not told of.
///
/// - Parameters:
///   - model: the model that paths start at.
///   - observe: what is told of each call; those inside of a module before the module's own.
public func observing<Result>(
  _ model: some Module, with observe: @escaping (Observation) -> Void, _ body: () throws -> Result
) rethrows -> Result {
  try observing(model, ModuleMembers(of: model), with: observe, body)
}

/// The same where the members of the model are known.
package func observing<Result>(
  _ model: some Module, _ members: ModuleMembers, with observe: @escaping (Observation) -> Void,
  _ body: () throws -> Result
) rethrows -> Result {
  let modules = members.modules.map { (ObjectIdentifier($0.module), $0.path) }
  let paths = Dictionary([(ObjectIdentifier(model), "")] + modules) { first, _ in first }
  return try Context.current.observing(
    { call in
      observe(
        Observation(
          kind: call.kind, name: call.name, path: call.module.flatMap { paths[$0] },
          inputs: call.inputs, outputs: call.outputs, function: call.function))
    }, body)
}

extension Module {
  /// Runs `body` in evaluation, and gives every part of the module the mode back that it had.
  ///
  ///     let loss = model.evaluating { withoutGradients { crossEntropy(model(x), y) } }
  public func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
    let modes = ModuleMembers(of: self).modes
    let before = modes.map(\.isTraining)
    for mode in modes { mode.isTraining = false }
    defer { for (mode, isTraining) in zip(modes, before) { mode.isTraining = isTraining } }
    return try body()
  }
}
