/// Something that was computed while somebody looked: the call of a module, or of an operation.
///
/// See ``observing(_:with:_:)``.
public struct Observation: Sendable {
  /// What was called.
  public enum Kind: Sendable, Hashable {
    /// A module.
    case module
    /// An operation on tensors.
    case operation
  }

  /// What was called.
  public let kind: Kind
  /// The type of the module, or the name of the operation.
  public let name: String
  /// The path of the module, or of the innermost one that the operation ran in: empty for the model itself, nil outside
  /// of it.
  public let path: String?
  /// The tensors that went in.
  public let inputs: [Tensor]
  /// The tensors that came out. They are tracked where the call was recorded, so that gradients can be asked for.
  public let outputs: [Tensor]
  /// The function that was applied; nil of modules.
  let function: (any Differentiable)?
}

extension Observation {
  /// The tensors in a value: itself, or what it holds.
  package static func tensors(in value: Any) -> [Tensor] {
    if let tensor = value as? Tensor { return [tensor] }
    return Mirror(reflecting: value).children.compactMap { $0.value as? Tensor }
  }
}

/// What is told of a call: who made it, and what went in and came out.
package struct ObservedCall {
  package let kind: Observation.Kind
  package let name: String
  package let module: ObjectIdentifier?
  package let inputs, outputs: [Tensor]
  var function: (any Differentiable)?
}
