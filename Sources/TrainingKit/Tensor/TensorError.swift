/// A mistake in a call: what the operation expected and what it got.
///
/// A mistake traps with this sentence, or is thrown at the end of the `validated` scope it happened in.
public struct TensorError: Error, Sendable, Hashable {
  /// What kind of argument was wrong.
  public enum Kind: Sendable, Hashable {
    /// Shapes that do not fit the operation or one another.
    case shape
    /// A dtype that the operation does not take.
    case dtype
    /// An axis that the tensor does not have.
    case axis
    /// An index outside of the axis.
    case index
    /// Another argument outside of its range.
    case argument
    /// Tensors on another device than the one that the scope computes on.
    case device
    /// A derivative that does not exist.
    case notDifferentiable
  }

  /// What kind of argument was wrong.
  public let kind: Kind
  /// The operation that refused, such as `matmul`.
  public let operation: String
  /// What would have been right.
  public let expected: String
  /// What came.
  public let got: String
  /// The module that called the operation, as a path from the outermost module; empty outside of modules.
  public var path = ""

  package init(_ kind: Kind, _ operation: String, expected: String, got: String) {
    self.kind = kind
    self.operation = operation
    self.expected = expected
    self.got = got
  }
}

extension TensorError: CustomStringConvertible {
  /// `path: operation: expected …, got …`.
  public var description: String {
    (path.isEmpty ? "" : path + ": ") + "\(operation): expected \(expected), got \(got)"
  }
}

extension TensorError {
  package static func shape(_ operation: String, expected: String, got shapes: Shape...) -> Self {
    let got = shapes.map(\.description).joined(separator: " and ")
    return Self(.shape, operation, expected: expected, got: got)
  }

  package static func axis(_ operation: String, _ axis: Int, of shape: Shape) -> Self {
    Self(.axis, operation, expected: "an axis of \(shape)", got: "\(axis)")
  }

  package static func dtype(_ operation: String, expected: String, got: DType) -> Self {
    Self(.dtype, operation, expected: expected, got: "\(got)")
  }

  package static func argument(_ operation: String, expected: String, got: Any) -> Self {
    Self(.argument, operation, expected: expected, got: "\(got)")
  }
}
