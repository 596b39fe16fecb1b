/// The squares of the logarithms of softmax denominators, times a weight: added to the cross
/// entropy, it keeps logits from drifting to sizes where roundings hurt.
///
///     let loss = crossEntropy(logits, labels) + zLoss(logits, labels)
///
/// - Shape: logits `[batch, classes, …]` or `[classes]`, and labels as in
///   ``crossEntropy(_:_:weight:ignoreIndex:labelSmoothing:reduction:)`` → a single value, or the
///   shape of the labels without reduction.
/// - Parameters:
///   - labels: tell which places do not take part; nil when all do.
///   - ignoreIndex: the label of those.
/// - Numerics: in float32 for halves. The mean is 0, with zero gradients, where nothing takes part.
/// - Errors: traps when the shapes do not fit.
/// - Source: Chowdhery et al. 2022, arXiv:2204.02311, section 5; Zoph et al. 2022, arXiv:2202.08906,
///   eq. 5.
public func zLoss<Result>(
  _ logits: Tensor, _ labels: Tensor? = nil, weight: Double = 1e-4, ignoreIndex: Int = -100,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(logits) { (logits) throws(TensorError) in
    try logits.expectFloatingPoint("zLoss")
    guard logits.rank > 0 else {
      throw .shape("zLoss", expected: "logits of [batch, classes, …]", got: logits.shape)
    }
    let x = logits.cast(to: logits.dtype.statistics)
    let losses = x.logSumExp(axes: [x.classAxis]).square() * weight
    guard let labels else { return ElementLosses(losses, dtype: logits.dtype) }
    let target = try ClassTarget(labels, of: logits, ignoring: ignoreIndex, "zLoss")
    return target.losses(losses, dtype: logits.dtype)
  }
}
