extension Tensor {
  /// Real numbers from `bounds.lowerBound` to before `bounds.upperBound`, all equally likely.
  public static func randomUniform(
    _ shape: Shape, in bounds: Range<Double> = 0..<1, dtype: DType = .float32,
    generator: RandomGenerator = .current
  ) -> Tensor {
    generator.uniform(shape, in: bounds, dtype: dtype)
  }

  /// Real numbers from a normal distribution.
  public static func randomNormal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    generator: RandomGenerator = .current
  ) -> Tensor {
    generator.normal(shape, mean: mean, standardDeviation: standardDeviation, dtype: dtype)
  }

  /// Whole numbers of a range, all equally likely; int64.
  public static func randomIntegers(
    _ shape: Shape, in bounds: Range<Int>, generator: RandomGenerator = .current
  ) -> Tensor {
    generator.integers(shape, in: bounds)
  }

  /// The numbers of `0 ..< count` in random order; int64.
  public static func randomPermutation(
    _ count: Int, generator: RandomGenerator = .current
  ) -> Tensor {
    generator.permutation(count)
  }
}
