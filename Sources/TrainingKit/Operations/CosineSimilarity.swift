extension Tensor {
  /// The cosine of the angle between vectors along an axis, after broadcasting.
  ///
  /// - Shape: the axis is not in the result.
  /// - Parameter epsilon: norms below it count as it, so that a vector of zeros has cosine 0 with all.
  /// - Numerics: in float32 for halves.
  public func cosineSimilarity(
    _ other: Tensor, axis: Int = 1, epsilon: Double = 1e-8
  ) -> Tensor {
    checked(.wide, self, other) { (a, b) throws(TensorError) in
      let name = "cosineSimilarity"
      try a.expectFloatingPoint(name)
      try b.expectFloatingPoint(name)
      guard let shape = a.shape.broadcast(with: b.shape) else {
        throw .shape(name, expected: "shapes that broadcast", got: a.shape, b.shape)
      }
      guard let axis = shape.normalized(axis) else { throw .axis(name, axis, of: shape) }
      let pair = [a, b].map {
        $0.cast(to: a.dtype.statistics).broadcast(to: shape).unit(axis, epsilon)
      }
      return (pair[0] * pair[1]).sum(axis: axis).cast(to: promotedType(a, b))
    }
  }

  /// The vectors divided by their norms. The slope of a norm passes through its lower limit, as
  /// PyTorch has it.
  private func unit(_ axis: Int, _ epsilon: Double) -> Tensor {
    self / norm(axes: [axis], keepDims: true).limited(atLeast: epsilon)
  }

  /// The elements raised to a lower limit, where their gradient passes on undiminished.
  package func limited(atLeast least: Double) -> Tensor {
    let fixed = detached()
    return self + (fixed.clamped(min: least) - fixed)
  }
}
