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

/// The layer of ``Tensor/maxPool1d(kernel:stride:padding:dilation:ceilMode:)``.
///
/// - Shape: `[batch, channels, length]` → `[batch, channels, length′]`.
public final class MaxPool1d: FunctionLayer {
  /// Creates the layer; the stride is the kernel unless given.
  public init(
    _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1,
    ceilMode: Bool = false
  ) {
    super.init {
      $0.maxPool1d(
        kernel: kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
      )
    }
  }
}

/// The layer of ``Tensor/avgPool1d(kernel:stride:padding:ceilMode:countIncludesPadding:)``.
///
/// - Shape: `[batch, channels, length]` → `[batch, channels, length′]`.
public final class AvgPool1d: FunctionLayer {
  /// Creates the layer; the stride is the kernel unless given.
  public init(
    _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false,
    countIncludesPadding: Bool = true
  ) {
    super.init {
      $0.avgPool1d(
        kernel: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
        countIncludesPadding: countIncludesPadding)
    }
  }
}

/// The layer of ``Tensor/adaptiveAvgPool1d(_:)``.
///
/// - Shape: `[batch, channels, length]` → `[batch, channels, size]`.
public final class AdaptiveAvgPool1d: FunctionLayer {
  /// Creates the layer.
  public init(_ size: Int) { super.init { $0.adaptiveAvgPool1d(size) } }
}

/// The layer of ``Tensor/adaptiveMaxPool1d(_:)``.
///
/// - Shape: `[batch, channels, length]` → `[batch, channels, size]`.
public final class AdaptiveMaxPool1d: FunctionLayer {
  /// Creates the layer.
  public init(_ size: Int) { super.init { $0.adaptiveMaxPool1d(size) } }
}

/// The layer of ``Tensor/adaptiveMaxPool2d(_:)``.
///
/// - Shape: `[batch, channels, height, width]` → `[batch, channels, size.height, size.width]`.
public final class AdaptiveMaxPool2d: FunctionLayer {
  /// Creates the layer.
  public init(_ size: Size2) { super.init { $0.adaptiveMaxPool2d(size) } }
}
