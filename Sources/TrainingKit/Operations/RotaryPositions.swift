extension Tensor {
  /// Pairs of features turned by angles that grow with the position, so that the product of a query
  /// and a key depends on how far they are apart.
  ///
  ///     let (q, k) = (query.rotaryEmbedding(), key.rotaryEmbedding())
  ///
  /// Features i and i + features / 2 at position p are a point of the plane, turned by the angle
  /// p · base^(−2i / features). Other writings pair features 2i and 2i + 1: the same up to the order
  /// of the features.
  ///
  /// - Shape: `[…, length, features]` → the same; an even number of features.
  /// - Parameter start: the position of the first token.
  /// - Numerics: angles in float64.
  /// - Errors: traps when the features are odd or the base is not above 0.
  /// - Source: Su et al. 2021, arXiv:2104.09864, eq. 14, 15 and 34.
  public func rotaryEmbedding(base: Double = 10_000, start: Int = 0) -> Tensor {
    checked { () throws(TensorError) in
      let name = "rotaryEmbedding"
      try expectFloatingPoint(name)
      guard rank >= 2, shape[-1] % 2 == 0 else {
        throw .shape(name, expected: "[…, length, features] of even features", got: shape)
      }
      guard base > 0, base.isFinite else {
        throw .argument(name, expected: "a base above 0", got: base)
      }
      let angles = Tensor.rotaryAngles(start, shape[-2], features: shape[-1], base)
      let (cosine, sine) = (angles.cos().cast(to: dtype), angles.sin().cast(to: dtype))
      let parts = split(into: 2, axis: -1)
      return concatenate(
        [parts[0] * cosine - parts[1] * sine, parts[1] * cosine + parts[0] * sine], axis: -1)
    }
  }

  /// `[length, features / 2]`.
  private static func rotaryAngles(
    _ start: Int, _ length: Int, features: Int, _ base: Double
  ) -> Tensor {
    let pairs = Tensor.range(0, features / 2, dtype: .float64)
    let frequencies = Tensor(base, dtype: .float64).pow(pairs * (-2 / Double(features)))
    let positions = Tensor.range(start, start + length, dtype: .float64)
    return positions.expandedDimensions(axis: 1) * frequencies
  }
}
