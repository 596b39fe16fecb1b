/// The layer of ``Tensor/relu()``.
public final class ReLU: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.relu() } }
}

/// The layer of ``Tensor/relu6()``.
public final class ReLU6: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.relu6() } }
}

/// The layer of ``Tensor/leakyReLU(slope:)``.
public final class LeakyReLU: FunctionLayer {
  /// Creates the layer; the slope is that below zero.
  public init(_ slope: Double = 0.01) { super.init { $0.leakyReLU(slope: slope) } }
}

/// The layer of ``Tensor/elu(alpha:)``.
public final class ELU: FunctionLayer {
  /// Creates the layer.
  public init(alpha: Double = 1) { super.init { $0.elu(alpha: alpha) } }
}

/// The layer of ``Tensor/celu(alpha:)``.
public final class CELU: FunctionLayer {
  /// Creates the layer.
  public init(alpha: Double = 1) { super.init { $0.celu(alpha: alpha) } }
}

/// The layer of ``Tensor/selu()``.
public final class SELU: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.selu() } }
}

/// The layer of ``Tensor/gelu(_:)``.
public final class GELU: FunctionLayer {
  /// Creates the layer.
  public init(_ approximation: GELUApproximation = .exact) { super.init { $0.gelu(approximation) } }
}

/// The layer of ``Tensor/silu()``.
public final class SiLU: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.silu() } }
}

/// The layer of ``Tensor/mish()``.
public final class Mish: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.mish() } }
}

/// The layer of ``Tensor/softplus(beta:threshold:)``.
public final class Softplus: FunctionLayer {
  /// Creates the layer.
  public init(beta: Double = 1, threshold: Double = 20) {
    super.init { $0.softplus(beta: beta, threshold: threshold) }
  }
}

/// The layer of ``Tensor/softsign()``.
public final class Softsign: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.softsign() } }
}

/// The layer of ``Tensor/sigmoid()``.
public final class Sigmoid: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.sigmoid() } }
}

/// The layer of ``Tensor/logSigmoid()``.
public final class LogSigmoid: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.logSigmoid() } }
}

/// The layer of ``Tensor/tanh()``.
public final class Tanh: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.tanh() } }
}

/// The layer of ``Tensor/hardswish()``.
public final class Hardswish: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.hardswish() } }
}

/// The layer of ``Tensor/hardsigmoid()``.
public final class Hardsigmoid: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.hardsigmoid() } }
}

/// The layer of ``Tensor/hardtanh(min:max:)``.
public final class Hardtanh: FunctionLayer {
  /// Creates the layer.
  public init(min minimum: Double = -1, max maximum: Double = 1) {
    super.init { $0.hardtanh(min: minimum, max: maximum) }
  }
}

/// The layer of ``Tensor/threshold(_:value:)``.
public final class Threshold: FunctionLayer {
  /// Creates the layer.
  public init(_ threshold: Double, value: Double) {
    super.init { $0.threshold(threshold, value: value) }
  }
}

/// The layer of ``Tensor/softshrink(lambda:)``.
public final class Softshrink: FunctionLayer {
  /// Creates the layer.
  public init(lambda: Double = 0.5) { super.init { $0.softshrink(lambda: lambda) } }
}

/// The layer of ``Tensor/hardshrink(lambda:)``.
public final class Hardshrink: FunctionLayer {
  /// Creates the layer.
  public init(lambda: Double = 0.5) { super.init { $0.hardshrink(lambda: lambda) } }
}

/// The layer of ``Tensor/tanhshrink()``.
public final class Tanhshrink: FunctionLayer {
  /// Creates the layer.
  public init() { super.init { $0.tanhshrink() } }
}

/// The layer of ``Tensor/glu(_:axis:)``.
///
/// - Shape: the axis becomes half as long.
public final class GLU: FunctionLayer {
  /// Creates the layer.
  public init(_ variant: GLUVariant = .glu, axis: Int = -1) {
    super.init { $0.glu(variant, axis: axis) }
  }
}

/// The layer of ``Tensor/softmax(axis:)``. A model that learns by ``crossEntropy`` ends without it.
public final class Softmax: FunctionLayer {
  /// Creates the layer.
  public init(axis: Int = -1) { super.init { $0.softmax(axis: axis) } }
}

/// The layer of ``Tensor/logSoftmax(axis:)``.
public final class LogSoftmax: FunctionLayer {
  /// Creates the layer.
  public init(axis: Int = -1) { super.init { $0.logSoftmax(axis: axis) } }
}

/// The layer of ``Tensor/softmin(axis:)``.
public final class Softmin: FunctionLayer {
  /// Creates the layer.
  public init(axis: Int = -1) { super.init { $0.softmin(axis: axis) } }
}

/// The layer of ``Tensor/prelu(_:)``: a rectifier whose slope below zero is learned.
///
/// - Shape: `[batch, channels, …]` → the same.
public final class PReLU: Module {
  /// `[1]`, or one slope for each channel.
  public let weight: Parameter

  /// Creates the layer.
  ///
  /// - Parameter channels: as many slopes are learned.
  public init(_ channels: Int = 1, start: Double = 0.25) {
    weight = Parameter(Tensor(repeating: start, shape: [channels]))
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor { x.prelu(weight.value) }
}

/// A rectifier whose slopes below zero are random while training, ``Tensor/rrelu(lower:upper:generator:)``,
/// and their mean in evaluation.
public final class RReLU: Module {
  private let lower, upper: Double
  private let mode = Mode()

  /// Creates a layer that draws slopes from a range.
  ///
  /// - Errors: traps when the slopes are not finite or in the wrong order.
  public init(lower: Double = 1.0 / 8, upper: Double = 1.0 / 3) {
    (self.lower, self.upper) = (lower, upper)
    if let mistake = TensorError.slopes(lower, upper, "RReLU") { Context.current.fail(mistake) }
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    mode.isTraining
      ? x.rrelu(lower: lower, upper: upper) : x.leakyReLU(slope: (lower + upper) / 2)
  }
}
