extension Initializer {
  /// Normal values around 0, of which a share is then set to 0: the same number for every input, so
  /// that units differ by what they listen to.
  ///
  /// - Parameter sparsity: the share of outputs that an input does not reach, 0 … 1; rounded up to
  ///   whole outputs.
  /// - Shape: `[outputs, inputs]`.
  /// - Errors: traps when the shape has not two axes, the share is not in 0 … 1 or the standard
  ///   deviation is negative.
  /// - Source: Martens 2010, "Deep learning via Hessian-free optimization".
  public static func sparse(_ sparsity: Double, standardDeviation: Double = 0.01) -> Self {
    Self(Sparse(sparsity: sparsity, deviation: standardDeviation))
  }
}

private struct Sparse: InitializerRule {
  let sparsity, deviation: Double

  var description: String { "sparse(\(sparsity), standardDeviation: \(deviation))" }

  func mistake(for shape: Shape) -> TensorError? {
    if let mistake = TensorError.negative(deviation, "sparse") { return mistake }
    guard (0...1).contains(sparsity) else {
      return .argument("sparse", expected: "a sparsity in 0 … 1", got: sparsity)
    }
    return shape.rank == 2 ? nil : .shape("sparse", expected: "a weight of two axes", got: shape)
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    let dense = generator.normal(shape, standardDeviation: deviation, dtype: dtype)
    let (rows, columns) = (shape[0], shape[1])
    let zeros = Int((sparsity * Double(rows)).rounded(.up))
    var isKept = [Bool](repeating: true, count: shape.count)
    for column in 0..<columns {
      for row in generator.permutation(rows).elements(Int.self).prefix(zeros) {
        isKept[row * columns + column] = false
      }
    }
    return which(Tensor(isKept, shape: shape), dense, Tensor.zeros([], dtype: dtype))
  }
}
