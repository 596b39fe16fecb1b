extension Initializer {
  /// Ones on the diagonal and zeros elsewhere: the layer passes on its input, as far as it fits.
  ///
  /// - Shape: `[outputs, inputs]`.
  /// - Errors: traps when the shape has not two axes.
  public static let identity = Self(Identity())

  /// A one in the middle of the window where output and input channel are the same: a convolution
  /// that passes on its input, as far as channels fit.
  ///
  /// - Parameter groups: those of the convolution; each passes on its own input.
  /// - Shape: `[outputs, inputs / groups, …window]` of one to three window axes.
  /// - Errors: traps for other shapes, and when the groups do not divide the outputs.
  /// - Source: Zagoruyko and Komodakis 2017, arXiv:1706.00388.
  public static func dirac(groups: Int = 1) -> Self { Self(Dirac(groups: groups)) }
}

private struct Identity: InitializerRule {
  var description: String { "identity" }

  func mistake(for shape: Shape) -> TensorError? {
    shape.rank == 2 ? nil : .shape("identity", expected: "a weight of two axes", got: shape)
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    .eye(shape[0], shape[1], dtype: dtype)
  }
}

private struct Dirac: InitializerRule {
  let groups: Int

  var description: String { "dirac(groups: \(groups))" }

  func mistake(for shape: Shape) -> TensorError? {
    guard (3...5).contains(shape.rank) else {
      return .shape("dirac", expected: "a weight of three to five axes", got: shape)
    }
    guard groups > 0, shape[0].isMultiple(of: groups) else {
      return .argument("dirac", expected: "groups that divide \(shape[0]) outputs", got: groups)
    }
    return nil
  }

  func values(_ shape: Shape, _ dtype: DType, _ generator: RandomGenerator) -> Tensor {
    let perGroup = shape[0] / groups
    let strides = shape.contiguousStrides
    let middle = shape.indices.dropFirst(2).reduce(0) { $0 + shape[$1] / 2 * strides[$1] }
    var elements = [Double](repeating: 0, count: shape.count)
    for output in 0..<shape[0] where output % perGroup < shape[1] {
      elements[output * strides[0] + output % perGroup * strides[1] + middle] = 1
    }
    return Tensor(elements, shape: shape, dtype: dtype)
  }
}
