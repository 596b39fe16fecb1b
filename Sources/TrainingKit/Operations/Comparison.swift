internal import CTrainingKernels

infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence
infix operator .^ : LogicalDisjunctionPrecedence

// Comparisons carry a dot, as in SIMD types: their result is a tensor of bool, not one Bool.
extension Tensor {
  /// Whether elements are equal; NaN equals nothing.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_equal)(a, b) }
  /// Whether elements differ.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_notEqual)(a, b) }
  /// Whether elements are below the other's.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_less)(a, b) }
  /// Whether elements are at or below the other's.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_lessEqual)(a, b) }
  /// Whether elements are above the other's.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_greater)(a, b) }
  /// Whether elements are at or above the other's.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { Binary(tk_binary_greaterEqual)(a, b) }

  /// Whether elements equal a number.
  public static func .== (a: Tensor, b: some TensorScalar) -> Tensor { a .== a.scalar(b) }
  /// Whether elements differ from a number.
  public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor { a .!= a.scalar(b) }
  /// Whether elements are below a number.
  public static func .< (a: Tensor, b: some TensorScalar) -> Tensor { a .< a.scalar(b) }
  /// Whether elements are at or below a number.
  public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor { a .<= a.scalar(b) }
  /// Whether elements are above a number.
  public static func .> (a: Tensor, b: some TensorScalar) -> Tensor { a .> a.scalar(b) }
  /// Whether elements are at or above a number.
  public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor { a .>= a.scalar(b) }

  /// Whether both elements are other than zero.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { logical(tk_binary_logicalAnd, a, b) }
  /// Whether one of the elements is other than zero.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { logical(tk_binary_logicalOr, a, b) }
  /// Whether exactly one of the elements is other than zero.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { logical(tk_binary_logicalXor, a, b) }

  private static func logical(_ row: tk_binary, _ a: Tensor, _ b: Tensor) -> Tensor {
    Binary(row)(a.cast(to: .bool), b.cast(to: .bool))
  }
}

/// Elements of `a` where the condition is other than zero, of `b` elsewhere, after broadcasting.
///
///     let y = which(x .> 0, x, x * 0.01)
///
/// - Gradient: goes to the element that was taken; the other's is 0, unless its own derivative is infinite or
///   NaN there: then use ``Tensor/mapped(where:otherwise:standIn:_:)``.
public func which(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
  Select(condition: condition)(condition, a, b)
}

/// Elements of one of two tensors, by a condition.
struct Select: Operation {
  /// The first input again: kept here, so that the others need not be kept for the gradient.
  let condition: Tensor

  var name: String { "which" }
  var saves: Saved { [] }

  func result(of inputs: Operands) throws(TensorError) -> TensorSpec {
    let (a, b) = (inputs[1], inputs[2])
    guard let pair = a.shape.broadcast(with: b.shape),
      let shape = pair.broadcast(with: inputs[0].shape)
    else {
      throw TensorError(
        .shape, name, expected: "shapes that broadcast",
        got: inputs.map(\.shape.description).joined(separator: ", "))
    }
    return TensorSpec(shape, promotedType(a, b))
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.select(inputs[0], inputs[1], inputs[2], into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let zero = Tensor.zeros([], dtype: gradient.dtype)
    let (a, b) = (inputs[1], inputs[2])
    return [
      nil, a.requiresGradient ? which(condition, gradient, zero).reduced(like: a) : nil,
      b.requiresGradient ? which(condition, zero, gradient).reduced(like: b) : nil,
    ]
  }
}
