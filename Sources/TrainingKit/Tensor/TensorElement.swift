/// A Swift type whose values can be the elements of a tensor.
public protocol TensorElement: Sendable {
  /// The dtype that stores values of this type without loss.
  static var dtype: DType { get }
  /// The dtype that a tensor made of such values gets unless another is asked for.
  static var defaultDType: DType { get }
}

extension TensorElement {
  /// The same as `dtype`.
  public static var defaultDType: DType { dtype }
}

extension Float: TensorElement {
  /// float32.
  public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
  /// float64.
  public static var dtype: DType { .float64 }
  /// float32: a literal such as `[0.5, 1]` makes the dtype that networks use.
  public static var defaultDType: DType { .float32 }
}
extension BFloat16: TensorElement {
  /// bfloat16.
  public static var dtype: DType { .bfloat16 }
}
#if !(os(macOS) && arch(x86_64))
  extension Float16: TensorElement {
    /// float16.
    public static var dtype: DType { .float16 }
  }
#endif
extension Int: TensorElement {
  /// int64.
  public static var dtype: DType { .int64 }
}
extension Int64: TensorElement {
  /// int64.
  public static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
  /// int32.
  public static var dtype: DType { .int32 }
}
extension UInt8: TensorElement {
  /// uint8.
  public static var dtype: DType { .uint8 }
}
extension Bool: TensorElement {
  /// bool.
  public static var dtype: DType { .bool }
}

/// A Swift number that can stand beside a tensor in an expression, such as the 2 of `x * 2`.
///
/// It takes the tensor's dtype unless that is an integer and the number is not.
public protocol TensorScalar: TensorElement {
  /// The value as a double.
  var double: Double { get }
  /// The value as an integer: without its fraction, at most the largest and at least the smallest one, 0 for NaN.
  var integer: Int64 { get }
}

extension Float: TensorScalar {
  /// The value as a double.
  public var double: Double { Double(self) }
  /// The value as an integer: without its fraction, at most the largest and at least the smallest one, 0 for NaN.
  public var integer: Int64 { double.integer }
}
extension Double: TensorScalar {
  /// The value itself.
  public var double: Double { self }
  /// The value as an integer: without its fraction, at most the largest and at least the smallest one, 0 for NaN.
  public var integer: Int64 {
    if let exact = Int64(exactly: rounded(.towardZero)) { return exact }
    return isNaN ? 0 : self < 0 ? .min : .max
  }
}
extension Int: TensorScalar {
  /// The value as a double.
  public var double: Double { Double(self) }
  /// The value as an integer.
  public var integer: Int64 { Int64(self) }
}
