/// How surprised predictions of rates are by the counts that came: the negative logarithm of the
/// Poisson distribution.
///
/// - Shape: predictions and counts of one shape → a single value, or that shape without reduction.
/// - Parameters:
///   - logRates: whether predictions are logarithms of rates.
///   - isFull: whether log(count!), which does not depend on predictions, is added, by Stirling's
///     formula and for counts above 1.
///   - epsilon: added to rates before the logarithm.
/// - Numerics: in float32 for halves.
/// - Errors: traps when the shapes differ, even if they broadcast.
public func poissonNegativeLogLikelihood<Result>(
  _ predictions: Tensor, _ counts: Tensor, logRates: Bool = true, isFull: Bool = false,
  epsilon: Double = 1e-8, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(predictions, counts) { (predictions, counts) throws(TensorError) in
    try expectTargets(counts, like: predictions, "poissonNegativeLogLikelihood")
    let x = predictions.cast(to: predictions.dtype.statistics)
    let counts = counts.cast(to: x.dtype)
    let losses = logRates ? x.exp() - counts * x : x - counts * (x + epsilon).log()
    let constant = counts.mapped(where: counts .> 1) {
      $0 * $0.log() - $0 + ($0 * (2 * Double.pi)).log() * 0.5
    }
    return ElementLosses(isFull ? losses + constant : losses, dtype: predictions.dtype)
  }
}

/// How surprised predictions of means and variances are by the targets: the negative logarithm of
/// the normal distribution.
///
/// - Shape: means and targets of one shape → a single value, or that shape without reduction.
/// - Parameters:
///   - variance: of the shape of the means, or that with a last axis of 1 or none.
///   - isFull: whether log(2π) / 2 is added.
///   - epsilon: the variance counts as this at least; its gradient passes all the same.
/// - Numerics: in float32 for halves.
/// - Errors: traps when a variance is negative, or the shapes do not fit.
/// - Source: Nix and Weigend 1994, eq. 2.
public func gaussianNegativeLogLikelihood<Result>(
  _ means: Tensor, _ targets: Tensor, variance: Tensor, isFull: Bool = false,
  epsilon: Double = 1e-6, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(means, targets, variance) { (means, targets, variance) throws(TensorError) in
    let name = "gaussianNegativeLogLikelihood"
    try expectTargets(targets, like: means, name)
    let x = means.cast(to: means.dtype.statistics)
    let spread = try variance.fitting(means.shape, name).cast(to: x.dtype)
    guard spread.isHollow || (spread .< 0).any().item() == 0 else {
      throw .argument(name, expected: "variances of 0 or more", got: variance)
    }
    let limited = spread.limited(atLeast: epsilon)
    let losses = (limited.log() + (x - targets.cast(to: x.dtype)).square() / limited) * 0.5
    let halfLogOfTwoPi = 0.918_938_533_204_672_7
    return ElementLosses(isFull ? losses + halfLogOfTwoPi : losses, dtype: means.dtype)
  }
}

extension Tensor {
  /// These variances with the axes of the means.
  fileprivate func fitting(_ means: Shape, _ operation: String) throws(TensorError) -> Tensor {
    if shape == means { return self }
    if rank == means.rank, rank > 0, shape == means.replacing(rank - 1, with: 1) { return self }
    if means.rank > 0, shape == Shape(means.dropLast()) { return expandedDimensions(axis: -1) }
    throw .shape(
      operation, expected: "variances of \(means), or one for its last axis", got: shape)
  }
}
