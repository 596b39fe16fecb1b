/// How the values of a parameter start: a rule that makes them from a shape.
///
///     Linear(64, 128, initializer: .heUniform(for: .leakyReLU(0.01)))
///     let start = Initializer.normal(0, 0.02)([128, 64])
public struct Initializer: Sendable, Hashable {
  private enum Rule: Hashable {
    case constant(Double)
    case uniform(lower: Double, upper: Double)
    case normal(mean: Double, deviation: Double)
    case scaled(Scale, isUniform: Bool)
  }

  /// How far values spread, as the fans of the weight decide.
  private enum Scale: Hashable {
    case xavier(gain: Double)
    case he(Nonlinearity, FanMode)

    func deviation(_ fans: Fans) -> Double {
      switch self {
      case .xavier(let gain): gain * (2 / Double(fans.in + fans.out)).squareRoot()
      case .he(let nonlinearity, .fanIn): nonlinearity.gain / Double(fans.in).squareRoot()
      case .he(let nonlinearity, .fanOut): nonlinearity.gain / Double(fans.out).squareRoot()
      }
    }
  }

  private let rule: Rule
}

extension Initializer {
  /// All values 0.
  public static let zeros = constant(0)

  /// All values 1.
  public static let ones = constant(1)

  /// All values the same.
  public static func constant(_ value: Double) -> Self { Self(rule: .constant(value)) }

  /// Values evenly spread over a range.
  ///
  /// - Errors: traps when the range is empty or not finite.
  public static func uniform(_ lower: Double, _ upper: Double) -> Self {
    Self(rule: .uniform(lower: lower, upper: upper))
  }

  /// Values of a normal distribution.
  ///
  /// - Errors: traps when the standard deviation is negative.
  public static func normal(_ mean: Double = 0, _ standardDeviation: Double = 1) -> Self {
    Self(rule: .normal(mean: mean, deviation: standardDeviation))
  }

  /// Values of variance 2 gain² / (fan-in + fan-out), evenly spread.
  ///
  /// - Source: Glorot and Bengio 2010, eq. 16.
  public static func xavierUniform(gain: Double = 1) -> Self {
    Self(rule: .scaled(.xavier(gain: gain), isUniform: true))
  }

  /// Values of variance 2 gain² / (fan-in + fan-out), normal.
  ///
  /// - Source: Glorot and Bengio 2010, eq. 12.
  public static func xavierNormal(gain: Double = 1) -> Self {
    Self(rule: .scaled(.xavier(gain: gain), isUniform: false))
  }

  /// Values of variance gain² / fan, evenly spread.
  ///
  /// - Source: He et al. 2015, arXiv:1502.01852, eq. 10 and 14.
  public static func heUniform(
    for nonlinearity: Nonlinearity = .relu, mode: FanMode = .fanIn
  ) -> Self {
    Self(rule: .scaled(.he(nonlinearity, mode), isUniform: true))
  }

  /// Values of variance gain² / fan, normal.
  ///
  /// - Source: He et al. 2015, arXiv:1502.01852, eq. 10 and 14.
  public static func heNormal(
    for nonlinearity: Nonlinearity = .relu, mode: FanMode = .fanIn
  ) -> Self {
    Self(rule: .scaled(.he(nonlinearity, mode), isUniform: false))
  }
}

extension Initializer {
  /// Makes the values of a parameter.
  ///
  /// - Parameters:
  ///   - shape: `[outputs, inputs, …window]` for the rules that count fans.
  ///   - generator: where random numbers come from.
  /// - Numerics: the same values as PyTorch's from its generator of the same seed.
  /// - Errors: traps when the rule counts fans and the shape has less than two axes.
  public func callAsFunction(
    _ shape: Shape, dtype: DType = .float32, generator: RandomGenerator = .current
  ) -> Tensor {
    if let mistake = mistake(for: shape) {
      Context.current.fail(mistake)
      return .hollow(shape, dtype)
    }
    guard shape.count > 0 else { return .zeros(shape, dtype: dtype) }
    switch rule {
    case .constant(let value):
      return Tensor(repeating: value, shape: shape, dtype: dtype)
    case .uniform(let lower, let upper):
      return .randomUniform(shape, in: lower..<upper, dtype: dtype, generator: generator)
    case .normal(let mean, let deviation):
      return .randomNormal(
        shape, mean: mean, standardDeviation: deviation, dtype: dtype, generator: generator)
    case .scaled(let scale, let isUniform):
      let deviation = scale.deviation(Fans(shape)!)
      let bound = 3.0.squareRoot() * deviation
      let simple = isUniform ? Self.uniform(-bound, bound) : .normal(0, deviation)
      return simple(shape, dtype: dtype, generator: generator)
    }
  }

  private func mistake(for shape: Shape) -> TensorError? {
    switch rule {
    case .uniform(let lower, let upper) where !(lower <= upper && (upper - lower).isFinite):
      .argument("uniform", expected: "a lower bound that is not above the upper one", got: self)
    case .normal(_, let deviation) where !(deviation >= 0):
      .argument("normal", expected: "a standard deviation of 0 or more", got: deviation)
    case .scaled where Fans(shape) == nil:
      .shape("\(self)", expected: "a weight of at least two axes", got: shape)
    default: nil
    }
  }
}

extension Initializer: CustomStringConvertible {
  /// The call that makes the rule, such as `heUniform(for: relu, mode: fanIn)`.
  public var description: String {
    switch rule {
    case .constant(let value): "constant(\(value))"
    case .uniform(let lower, let upper): "uniform(\(lower), \(upper))"
    case .normal(let mean, let deviation): "normal(\(mean), \(deviation))"
    case .scaled(.xavier(let gain), let isUniform):
      "xavier\(isUniform ? "Uniform" : "Normal")(gain: \(gain))"
    case .scaled(.he(let nonlinearity, let mode), let isUniform):
      "he\(isUniform ? "Uniform" : "Normal")(for: \(nonlinearity), mode: \(mode))"
    }
  }
}
