/// A layer without parameters: a function of tensors.
///
///     Sequential { Linear(2, 2); FunctionLayer { $0.sin() } }
public class FunctionLayer: Module {
  private let function: (Tensor) -> Tensor

  /// Creates a layer of any function.
  public init(_ function: @escaping (Tensor) -> Tensor) { self.function = function }

  /// Applies the function.
  public func forward(_ x: Tensor) -> Tensor { function(x) }
}

/// Makes the axes from `first` to `last` one: by default all but the batch.
///
/// - Shape: `[batch, …]` → `[batch, features]`.
public final class Flatten: FunctionLayer {
  /// Creates the layer.
  public init(from first: Int = 1, through last: Int = -1) {
    super.init { $0.flattened(from: first, through: last) }
  }
}

/// The layer of ``Tensor/maxPool2d(kernel:stride:padding:dilation:ceilMode:)``.
///
/// - Shape: `[batch, channels, height, width]` → `[batch, channels, height′, width′]`.
public final class MaxPool2d: FunctionLayer {
  /// Creates the layer; the stride is the kernel unless given.
  public init(
    _ kernelSize: Size2, stride: Size2? = nil, padding: Size2 = 0, dilation: Size2 = 1,
    ceilMode: Bool = false
  ) {
    super.init {
      $0.maxPool2d(
        kernel: kernelSize, stride: stride, padding: padding, dilation: dilation,
        ceilMode: ceilMode)
    }
  }
}

/// The layer of ``Tensor/avgPool2d(kernel:stride:padding:ceilMode:countIncludesPadding:divisor:)``.
///
/// - Shape: `[batch, channels, height, width]` → `[batch, channels, height′, width′]`.
public final class AvgPool2d: FunctionLayer {
  /// Creates the layer; the stride is the kernel unless given.
  public init(
    _ kernelSize: Size2, stride: Size2? = nil, padding: Size2 = 0, ceilMode: Bool = false,
    countIncludesPadding: Bool = true
  ) {
    super.init {
      $0.avgPool2d(
        kernel: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
        countIncludesPadding: countIncludesPadding)
    }
  }
}

/// The layer of ``Tensor/adaptiveAvgPool2d(_:)``.
///
/// - Shape: `[batch, channels, height, width]` → `[batch, channels, size.height, size.width]`.
public final class AdaptiveAvgPool2d: FunctionLayer {
  /// Creates the layer.
  public init(_ size: Size2) { super.init { $0.adaptiveAvgPool2d(size) } }
}
