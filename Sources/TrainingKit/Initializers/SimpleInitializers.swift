extension Initializer {
  /// All values 0.
  public static let zeros = constant(0)

  /// All values 1.
  public static let ones = constant(1)

  /// All values the same.
  public static func constant(_ value: Double) -> Self { Self(Constant(value: value)) }

  /// Values evenly spread over a range.
  ///
  /// - Errors: traps when the range is empty or not finite.
  public static func uniform(_ lower: Double, _ upper: Double) -> Self {
    Self(Uniform(lower: lower, upper: upper))
  }

  /// Values of a normal distribution.
  ///
  /// - Errors: traps when the standard deviation is negative.
  public static func normal(_ mean: Double = 0, _ standardDeviation: Double = 1) -> Self {
    Self(Normal(mean: mean, deviation: standardDeviation))
  }
}

private struct Constant: InitializerRule {
  let value: Double

  var description: String { "constant(\(value))" }

  func mistake(for shape: Shape) -> TensorError? { nil }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    Tensor(repeating: value, shape: shape, dtype: dtype)
  }
}

private struct Uniform: InitializerRule {
  let lower, upper: Double

  var description: String { "uniform(\(lower), \(upper))" }

  func mistake(for shape: Shape) -> TensorError? {
    guard !(lower <= upper && (upper - lower).isFinite) else { return nil }
    return .argument(
      "uniform", expected: "a lower bound that is not above the upper one", got: self)
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    generator.uniform(shape, in: lower..<upper, dtype: dtype)
  }
}

private struct Normal: InitializerRule {
  let mean, deviation: Double

  var description: String { "normal(\(mean), \(deviation))" }

  func mistake(for shape: Shape) -> TensorError? { .negative(deviation, "normal") }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    generator.normal(shape, mean: mean, standardDeviation: deviation, dtype: dtype)
  }
}

extension TensorError {
  /// The mistake of a standard deviation below 0, or not a number.
  static func negative(_ deviation: Double, _ rule: String) -> TensorError? {
    deviation >= 0 && deviation.isFinite
      ? nil : .argument(rule, expected: "a standard deviation of 0 or more", got: deviation)
  }
}
