extension Initializer {
  /// Values of a normal distribution, given that they are within bounds.
  ///
  /// - Parameters:
  ///   - lower: the least value itself, not a multiple of the standard deviation.
  ///   - upper: the greatest value.
  /// - Numerics: values outside are drawn again and never moved to a bound, so that none stand out;
  ///   the bounds are rounded as the dtype does.
  /// - Errors: traps when the standard deviation is negative, the lower bound is above the upper
  ///   one, or the deviation is 0 and the mean is out of bounds.
  /// - Source: PyTorch's `trunc_normal_`.
  public static func truncatedNormal(
    _ mean: Double = 0, _ standardDeviation: Double = 1, lower: Double = -2, upper: Double = 2
  ) -> Self {
    Self(TruncatedNormal(mean: mean, deviation: standardDeviation, lower: lower, upper: upper))
  }
}

private struct TruncatedNormal: InitializerRule {
  let mean, deviation, lower, upper: Double

  var description: String {
    "truncatedNormal(\(mean), \(deviation), lower: \(lower), upper: \(upper))"
  }

  func mistake(for shape: Shape) -> TensorError? {
    if let mistake = TensorError.negative(deviation, "truncatedNormal") { return mistake }
    if mean.isFinite, lower < upper || lower == upper && lower.isFinite,
      deviation > 0 || (lower...upper).contains(mean)
    {
      return nil
    }
    return .argument(
      "truncatedNormal",
      expected: "a finite mean, bounds in order, and the mean in them where the deviation is 0",
      got: self)
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    if deviation == 0 { return Tensor(repeating: mean, shape: shape, dtype: dtype) }
    let edges = Tensor([(lower - mean) / deviation, (upper - mean) / deviation], dtype: .float64)
    let below = ((edges * 0.5.squareRoot()).erf() / 2).elements(Double.self)
    return below[1] - below[0] > 0.3
      ? redrawn(shape, dtype, generator) : accepted(shape, dtype, generator)
  }

  /// Where much of the distribution is within the bounds: draws until all values are.
  private func redrawn(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    func draw() -> Tensor {
      generator.normal(shape, mean: mean, standardDeviation: deviation, dtype: dtype)
    }
    var values = draw()
    while true {
      let strays = (values .< lower) .| (values .> upper)
      guard strays.any().item() != 0 else { return values }
      values = which(strays, draw(), values)
    }
  }

  /// Where little is: evenly spread values, kept with a chance that the density at them decides.
  private func accepted(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    let mode = min(max(mean, lower), upper)
    let peak = (mode - mean) / deviation
    // Beyond this distance from the mean the density is below e⁻⁵⁰ of its peak.
    let reach = (peak * peak + 100).squareRoot() * deviation
    let bounds = max(lower, mean - reach)..<min(upper, mean + reach)
    var values = Tensor.zeros(shape, dtype: dtype)
    var strays = Tensor.ones(shape, dtype: .bool)
    repeat {
      let drawn = generator.uniform(shape, in: bounds, dtype: dtype)
      values = which(strays, drawn, values)
      let exact = dtype == .float64 ? drawn : drawn.cast(to: .float32)
      let density = ((exact - mean) / deviation).square() * -0.5 + 0.5 * peak * peak
      let chance = generator.uniform(shape, dtype: dtype).cast(to: exact.dtype).log()
      strays = strays .& (chance .> density)
    } while strays.any().item() != 0
    return values
  }
}
