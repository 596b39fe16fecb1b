/// Draws pairs of vectors together where the target is 1, and pushes them apart to a cosine of the
/// margin where it is −1.
///
/// - Shape: vectors `[batch, features]` and targets `[batch]`, or `[features]` and one target → a
///   single value, or the shape of the targets without reduction.
/// - Numerics: in float32 for halves.
/// - Errors: traps when a target is neither 1 nor −1, or the shapes do not fit.
public func cosineEmbeddingLoss<Result>(
  _ first: Tensor, _ second: Tensor, _ targets: Tensor, margin: Double = 0,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(first, second, targets) { (first, second, targets) throws(TensorError) in
    let name = "cosineEmbeddingLoss"
    try expectTargets(second, like: first, name)
    guard first.rank == 1 || first.rank == 2, targets.shape == Shape(first.shape.dropLast()) else {
      throw .shape(
        name, expected: "vectors of [batch, features] and targets of [batch]", got: first.shape,
        targets.shape)
    }
    let (a, b) = (first.cast(to: first.dtype.statistics), second.cast(to: first.dtype.statistics))
    func product(_ a: Tensor, _ b: Tensor) -> Tensor { (a * b).sum(axis: -1) }
    let squares = (product(a, a) + leastDivisor) * (product(b, b) + leastDivisor)
    let cosine = product(a, b) / squares.sqrt()
    let isAlike = try targets.signs(a.dtype, name) .> 0
    let losses = which(isAlike, 1 - cosine, (cosine - margin).clamped(min: 0))
    return ElementLosses(losses, dtype: first.dtype)
  }
}

/// Asks that an anchor is nearer to a positive than to a negative example, by a margin.
///
/// - Shape: three tensors `[…, features]` of one shape → a single value, or `[…]` without reduction.
/// - Parameters:
///   - p: the norm that distances are measured by, above 0; may be infinite.
///   - epsilon: added to differences, so that the norm has a slope where two are equal.
///   - swap: whether the positive's distance from the negative counts when it is the smaller one.
/// - Numerics: in float32 for halves.
/// - Errors: traps when the shapes differ, even if they broadcast, or the margin or `p` is not above 0.
/// - Source: Balntas et al. 2016, "Learning local feature descriptors with triplets".
public func tripletMarginLoss<Result>(
  anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, p: Double = 2,
  epsilon: Double = 1e-6, swap: Bool = false, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(anchor, positive, negative) {
    (anchor, positive, negative) throws(TensorError) in
    let name = "tripletMarginLoss"
    try expectTargets(positive, like: anchor, name)
    try expectTargets(negative, like: anchor, name)
    guard anchor.rank > 0 else {
      throw .shape(name, expected: "vectors of […, features]", got: anchor.shape)
    }
    guard margin > 0, p > 0 else {
      throw .argument(name, expected: "a margin and p above 0", got: "\(margin) and \(p)")
    }
    func distance(_ a: Tensor, _ b: Tensor) -> Tensor {
      let type = anchor.dtype.statistics
      return (a.cast(to: type) - b.cast(to: type) + epsilon).norm(p, axes: [-1])
    }
    let away = distance(anchor, negative)
    let apart = swap ? away.minimum(distance(positive, negative)) : away
    let losses = (distance(anchor, positive) - apart + margin).clamped(min: 0)
    return ElementLosses(losses, dtype: anchor.dtype)
  }
}

/// Asks that the first of two scores is above the second by a margin where the target is 1, and
/// below it where the target is −1.
///
/// - Shape: scores and targets of one shape → a single value, or that shape without reduction.
/// - Errors: traps when a target is neither 1 nor −1, or the shapes differ, even if they broadcast.
public func marginRankingLoss<Result>(
  _ first: Tensor, _ second: Tensor, _ targets: Tensor, margin: Double = 0,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(first, second, targets) { (first, second, targets) throws(TensorError) in
    let name = "marginRankingLoss"
    try expectTargets(targets, like: first, name)
    try expectTargets(second, like: first, name)
    let signs = try targets.signs(first.dtype, name)
    return ElementLosses((-signs * (first - second) + margin).clamped(min: 0))
  }
}

/// The distance itself where the target is 1, and how far it falls short of the margin where the
/// target is −1.
///
/// - Shape: distances and targets of one shape → a single value, or that shape without reduction.
/// - Errors: traps when a target is neither 1 nor −1, or the shapes differ, even if they broadcast.
public func hingeEmbeddingLoss<Result>(
  _ distances: Tensor, _ targets: Tensor, margin: Double = 1,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(distances, targets) { (distances, targets) throws(TensorError) in
    let name = "hingeEmbeddingLoss"
    try expectTargets(targets, like: distances, name)
    let isAlike = try targets.signs(distances.dtype, name) .> 0
    return ElementLosses(which(isAlike, distances, (margin - distances).clamped(min: 0)))
  }
}
