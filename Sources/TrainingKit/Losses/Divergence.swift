/// How far predicted distributions are from those of the targets: Σ p (log p − log q).
///
///     let loss = klDivergence(student.logSoftmax(), teacher.softmax(), reduction: .batchMean)
///
/// The mean is over all elements; the divergence of distributions is the sum over their classes,
/// whose mean over a batch is `batchMean`.
///
/// - Shape: logarithms of probabilities and targets of one shape → a single value, or that shape
///   without reduction.
/// - Parameter logTargets: whether the targets are logarithms too.
/// - Numerics: a target of probability 0 costs nothing, whatever was predicted; in float32 for halves.
/// - Errors: traps when the shapes differ, even if they broadcast.
/// - Source: Kullback and Leibler 1951, eq. 2.4.
public func klDivergence<Result>(
  _ logProbabilities: Tensor, _ targets: Tensor, logTargets: Bool = false,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(logProbabilities, targets) { (logProbabilities, targets) throws(TensorError) in
    try expectTargets(targets, like: logProbabilities, "klDivergence")
    let logQ = logProbabilities.cast(to: logProbabilities.dtype.statistics)
    let targets = targets.cast(to: logQ.dtype)
    let isPossible = targets.detached() .!= (logTargets ? -Double.infinity : 0)
    let known = which(isPossible, targets, targets.scalar(logTargets ? 0.0 : 1))
    let (p, logP) = logTargets ? (known.exp(), known) : (known, known.log())
    let losses = p * (logP - logQ)
    return ElementLosses(
      which(isPossible, losses, losses.scalar(0)), dtype: logProbabilities.dtype)
  }
}
