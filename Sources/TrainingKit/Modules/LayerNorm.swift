/// Brings each sample to mean 0 and variance 1 over its last axes, then scales and shifts it by
/// learned numbers.
///
///     let y = LayerNorm(512)(x)     // x, y: [batch, 512]
///
/// - Shape: `[…, shape]` → the same.
/// - Units: `epsilon` is added to the variance.
/// - Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450.
public final class LayerNorm: Module {
  /// One number for each feature, 1 at first; nil when there is none.
  public let weight: Parameter?
  /// One number for each feature, 0 at first; nil when there is none.
  public let bias: Parameter?
  private let shape: Shape
  private let epsilon: Double

  /// Creates a layer that normalizes the last axes, which have the given extents.
  ///
  /// - Parameters:
  ///   - affine: whether scale and shift are learned.
  ///   - bias: whether there is a shift, too.
  public init(_ shape: Shape, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true) {
    weight = affine ? Parameter(.ones(shape)) : nil
    self.bias = affine && bias ? Parameter(.zeros(shape)) : nil
    (self.shape, self.epsilon) = (shape, epsilon)
  }

  /// Creates a layer that normalizes the last axis.
  public convenience init(
    _ features: Int, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true
  ) {
    self.init([features] as Shape, epsilon: epsilon, affine: affine, bias: bias)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.layerNorm(shape, weight: weight?.value, bias: bias?.value, epsilon: epsilon)
  }
}

/// Divides each sample by the root of its mean square over the last axis, then scales it by learned
/// numbers.
///
/// - Shape: `[…, features]` → the same.
/// - Source: Zhang and Sennrich 2019, arXiv:1910.07467.
public final class RMSNorm: Module {
  /// One number for each feature, 1 at first; nil when there is none.
  public let weight: Parameter?
  private let features: Int
  private let epsilon: Double?

  /// Creates a layer that normalizes the last axis.
  ///
  /// - Parameters:
  ///   - epsilon: added to the mean square; the machine epsilon when nil.
  ///   - affine: whether the scale is learned.
  public init(_ features: Int, epsilon: Double? = nil, affine: Bool = true) {
    weight = affine ? Parameter(.ones([features])) : nil
    (self.features, self.epsilon) = (features, epsilon)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.rmsNorm([features], weight: weight?.value, epsilon: epsilon)
  }
}

/// Brings groups of channels of each sample to mean 0 and variance 1, then scales and shifts each
/// channel by learned numbers.
///
/// - Shape: `[batch, channels, …]` → the same.
/// - Units: `epsilon` is added to the variance.
/// - Source: Wu and He 2018, arXiv:1803.08494.
public final class GroupNorm: Module {
  /// `[channels]`, 1 at first; nil when there is none.
  public let weight: Parameter?
  /// `[channels]`, 0 at first; nil when there is none.
  public let bias: Parameter?
  private let groups: Int
  private let epsilon: Double

  /// Creates a layer that normalizes `channels` in as many groups.
  ///
  /// - Parameter affine: whether scale and shift are learned.
  public init(groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true) {
    weight = affine ? Parameter(.ones([channels])) : nil
    bias = affine ? Parameter(.zeros([channels])) : nil
    (self.groups, self.epsilon) = (groups, epsilon)
  }

  /// Computes the output.
  public func forward(_ x: Tensor) -> Tensor {
    x.groupNorm(groups: groups, weight: weight?.value, bias: bias?.value, epsilon: epsilon)
  }
}

/// Which layer normalizes features, where a model leaves the choice.
public enum NormKind: Sendable, Hashable, Codable {
  /// ``LayerNorm``.
  case layerNorm(epsilon: Double = 1e-5)
  /// ``RMSNorm``.
  case rmsNorm(epsilon: Double = 1e-6)

  /// A layer for the last axis.
  ///
  /// - Parameter bias: whether a layer that can shift does.
  func layer(_ features: Int, bias: Bool = true) -> any Module<Tensor, Tensor> {
    switch self {
    case .layerNorm(let epsilon): LayerNorm(features, epsilon: epsilon, bias: bias)
    case .rmsNorm(let epsilon): RMSNorm(features, epsilon: epsilon)
    }
  }
}
