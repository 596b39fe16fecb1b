/// The precision that a model trains in.
///
///     autocast(precision.autocastType) {
///       model.valueAndGradients(scaledBy: precision.scaler) { crossEntropy($0(x), y) }
///     }
public struct Precision: Sendable, Hashable {
  /// The 16 bits that ``autocast(_:_:)`` computes in; nil for the dtype of the parameters alone.
  public let autocastType: DType?
  /// What keeps gradients in the range of the dtype; nil when losses are not scaled.
  public var scaler: GradScaler?

  /// The dtype of the parameters throughout.
  public static let full = Precision(autocastType: nil, scaler: nil)

  /// Forward and backward pass in 16 bits where that is safe, weights and their updates in float32. Losses are scaled
  /// in float16; bfloat16 has the range of float32 and does not need it.
  ///
  /// - Errors: traps unless the dtype is float16 or bfloat16.
  public static func mixed(_ dtype: DType) -> Precision {
    mixed(dtype, scaledBy: dtype == .float16 ? GradScaler() : nil)
  }

  /// Forward and backward pass in 16 bits where that is safe, with losses scaled by the given scaler.
  ///
  /// - Errors: traps unless the dtype is float16 or bfloat16.
  public static func mixed(_ dtype: DType, scaler: GradScaler) -> Precision {
    mixed(dtype, scaledBy: scaler)
  }

  private static func mixed(_ dtype: DType, scaledBy scaler: GradScaler?) -> Precision {
    guard dtype == .float16 || dtype == .bfloat16 else {
      Context.current.fail(
        TensorError.dtype("Precision", expected: "float16 or bfloat16", got: dtype))
      return .full
    }
    return Precision(autocastType: dtype, scaler: scaler)
  }
}
