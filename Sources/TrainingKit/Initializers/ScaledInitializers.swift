extension Initializer {
  /// Values of variance 2 gain² / (fan-in + fan-out), evenly spread.
  ///
  /// - Source: Glorot and Bengio 2010, eq. 16.
  public static func xavierUniform(gain: Double = 1) -> Self {
    Self(Scaled(scale: .xavier(gain: gain), isUniform: true))
  }

  /// Values of variance 2 gain² / (fan-in + fan-out), normal.
  ///
  /// - Source: Glorot and Bengio 2010, eq. 12.
  public static func xavierNormal(gain: Double = 1) -> Self {
    Self(Scaled(scale: .xavier(gain: gain), isUniform: false))
  }

  /// Values of variance gain² / fan, evenly spread.
  ///
  /// - Source: He et al. 2015, arXiv:1502.01852, eq. 10 and 14.
  public static func heUniform(
    for nonlinearity: Nonlinearity = .relu, mode: FanMode = .fanIn
  ) -> Self {
    Self(Scaled(scale: .he(nonlinearity, mode), isUniform: true))
  }

  /// Values of variance gain² / fan, normal.
  ///
  /// - Source: He et al. 2015, arXiv:1502.01852, eq. 10 and 14.
  public static func heNormal(
    for nonlinearity: Nonlinearity = .relu, mode: FanMode = .fanIn
  ) -> Self {
    Self(Scaled(scale: .he(nonlinearity, mode), isUniform: false))
  }

  /// Values of variance 1 / fan-in, evenly spread: the start of self-normalizing networks.
  ///
  /// - Source: LeCun et al. 1998, "Efficient backprop", eq. 16.
  public static func lecunUniform() -> Self { Self(Scaled(scale: .lecun, isUniform: true)) }

  /// Values of variance 1 / fan-in, normal: the start of self-normalizing networks.
  ///
  /// - Source: LeCun et al. 1998, "Efficient backprop", eq. 16; Klambauer et al. 2017,
  ///   arXiv:1706.02515.
  public static func lecunNormal() -> Self { Self(Scaled(scale: .lecun, isUniform: false)) }
}

/// Values around 0 that spread as the fans of the weight decide.
private struct Scaled: InitializerRule {
  enum Scale: Hashable {
    case xavier(gain: Double)
    case he(Nonlinearity, FanMode)
    case lecun

    func deviation(_ fans: Fans) -> Double {
      switch self {
      // Rounded in PyTorch's order.
      case .xavier(let gain): gain * (1 / fans.count(.fanAverage)).squareRoot()
      case .he(let nonlinearity, let mode): nonlinearity.gain / fans.count(mode).squareRoot()
      case .lecun: 1 / fans.count(.fanIn).squareRoot()
      }
    }
  }

  let scale: Scale
  let isUniform: Bool

  var description: String {
    let distribution = isUniform ? "Uniform" : "Normal"
    return switch scale {
    case .xavier(let gain): "xavier\(distribution)(gain: \(gain))"
    case .he(let nonlinearity, let mode): "he\(distribution)(for: \(nonlinearity), mode: \(mode))"
    case .lecun: "lecun\(distribution)()"
    }
  }

  func mistake(for shape: Shape) -> TensorError? {
    Fans(shape) == nil
      ? .shape("\(self)", expected: "a weight of at least two axes", got: shape) : nil
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    let deviation = scale.deviation(Fans(shape)!)
    let bound = 3.0.squareRoot() * deviation
    return isUniform
      ? generator.uniform(shape, in: -bound..<bound, dtype: dtype)
      : generator.normal(shape, standardDeviation: deviation, dtype: dtype)
  }
}
