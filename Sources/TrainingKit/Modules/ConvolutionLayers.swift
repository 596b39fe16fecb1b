/// A sliding window over signals: a convolution with a learned weight.
///
/// - Shape: `[batch, inputs, length]` → `[batch, outputs, length′]`, as
///   ``Tensor/conv1d(_:bias:stride:padding:dilation:groups:)``.
public final class Conv1d: Module {
  /// `[outputs, inputs / groups, kernel]`.
  public let weight: Parameter
  /// `[outputs]`; nil when there is none.
  public let bias: Parameter?
  private let stride, dilation, groups: Int
  private let padding: ConvolutionPadding<Int>

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - groups: channels are cut into as many parts that do not see one another.
  ///   - initializer: how the weight starts; evenly spread within ±1/√fan-in, as the bias does,
  ///     when nil.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1,
    padding: ConvolutionPadding<Int> = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let shape: Shape = [outputs, inputs / max(1, groups), kernelSize]
    weight = Parameter((initializer ?? .layerWeight)(shape))
    self.bias = bias ? Parameter(Initializer.layerBias(besideWeight: shape)([outputs])) : nil
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.conv1d(
      weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
  }
}

/// A sliding window over images: a convolution with a learned weight.
///
///     Conv2d(3, 16, kernelSize: 3, padding: 1)     // [batch, 3, 32, 32] → [batch, 16, 32, 32]
///
/// - Shape: `[batch, inputs, height, width]` → `[batch, outputs, height′, width′]`, as
///   ``Tensor/conv2d(_:bias:stride:padding:dilation:groups:)``.
public final class Conv2d: Module {
  /// `[outputs, inputs / groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// `[outputs]`; nil when there is none.
  public let bias: Parameter?
  private let stride, dilation: Size2
  private let padding: ConvolutionPadding<Size2>
  private let groups: Int

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - groups: channels are cut into as many parts that do not see one another.
  ///   - initializer: how the weight starts; evenly spread within ±1/√fan-in, as the bias does,
  ///     when nil.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: Size2, stride: Size2 = 1,
    padding: ConvolutionPadding<Size2> = 0, dilation: Size2 = 1, groups: Int = 1,
    bias: Bool = true, initializer: Initializer? = nil
  ) {
    let shape: Shape = [outputs, inputs / max(1, groups), kernelSize.height, kernelSize.width]
    weight = Parameter((initializer ?? .layerWeight)(shape))
    self.bias = bias ? Parameter(Initializer.layerBias(besideWeight: shape)([outputs])) : nil
    (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.conv2d(
      weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
      groups: groups)
  }
}

/// A transposed convolution of signals with a learned weight: it lengthens them.
///
/// - Shape: `[batch, inputs, length]` → `[batch, outputs, length′]`, as
///   ``Tensor/convTranspose1d(_:bias:stride:padding:outputPadding:dilation:groups:)``.
public final class ConvTranspose1d: Module {
  /// `[inputs, outputs / groups, kernel]`.
  public let weight: Parameter
  /// `[outputs]`; nil when there is none.
  public let bias: Parameter?
  private let stride, padding, outputPadding, dilation, groups: Int

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - groups: channels are cut into as many parts that do not see one another.
  ///   - initializer: how the weight starts; evenly spread within ±1/√(outputs/groups · kernel), as
  ///     the bias does, when nil.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let shape: Shape = [inputs, outputs / max(1, groups), kernelSize]
    weight = Parameter((initializer ?? .layerWeight)(shape))
    self.bias = bias ? Parameter(Initializer.layerBias(besideWeight: shape)([outputs])) : nil
    (self.stride, self.padding, self.outputPadding) = (stride, padding, outputPadding)
    (self.dilation, self.groups) = (dilation, groups)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.convTranspose1d(
      weight.value, bias: bias?.value, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups)
  }
}

/// A transposed convolution of images with a learned weight: it enlarges them.
///
/// - Shape: `[batch, inputs, height, width]` → `[batch, outputs, height′, width′]`, as
///   ``Tensor/convTranspose2d(_:bias:stride:padding:outputPadding:dilation:groups:)``.
public final class ConvTranspose2d: Module {
  /// `[inputs, outputs / groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// `[outputs]`; nil when there is none.
  public let bias: Parameter?
  private let stride, padding, outputPadding, dilation: Size2
  private let groups: Int

  /// Creates a layer with random weights.
  ///
  /// - Parameters:
  ///   - groups: channels are cut into as many parts that do not see one another.
  ///   - initializer: how the weight starts; evenly spread within ±1/√(outputs/groups · kernel), as
  ///     the bias does, when nil.
  public init(
    _ inputs: Int, _ outputs: Int, kernelSize: Size2, stride: Size2 = 1, padding: Size2 = 0,
    outputPadding: Size2 = 0, dilation: Size2 = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let shape: Shape = [inputs, outputs / max(1, groups), kernelSize.height, kernelSize.width]
    weight = Parameter((initializer ?? .layerWeight)(shape))
    self.bias = bias ? Parameter(Initializer.layerBias(besideWeight: shape)([outputs])) : nil
    (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
    (self.outputPadding, self.groups) = (outputPadding, groups)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.convTranspose2d(
      weight.value, bias: bias?.value, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups)
  }
}
