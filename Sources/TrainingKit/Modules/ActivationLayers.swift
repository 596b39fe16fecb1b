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
