/// How surprised a classifier is by the right labels: −log softmax(logits)[label].
///
///     let loss = crossEntropy(model(x), labels)      // logits [batch, classes], labels [batch]
///
/// - Shape: logits `[batch, classes, …]` and labels `[batch, …]`, or logits `[classes]` and one
///   label → a single value, or the shape of the labels without reduction. Floating-point labels of
///   the shape of the logits are probabilities of the classes.
/// - Parameters:
///   - weight: `[classes]`, how much each class counts; the mean divides by the weights that took
///     part.
///   - ignoreIndex: a label that does not take part.
///   - labelSmoothing: the share of the probability that is spread evenly over all classes, 0 … 1.
/// - Numerics: cannot overflow. The mean is 0, with zero gradients, where no label takes part;
///   PyTorch's is NaN.
/// - Errors: traps when a label is neither a class nor `ignoreIndex`, or shapes do not fit.
public func crossEntropy<Result>(
  _ logits: Tensor, _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  labelSmoothing: Double = 0, reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(Uncast(logits), labels, weight) {
    (given, labels, weight) throws(TensorError) in
    let (name, logits) = ("crossEntropy", given.tensor)
    try logits.expectFloatingPoint(name)
    guard (0...1).contains(labelSmoothing) else {
      throw .argument(name, expected: "labelSmoothing in 0 … 1", got: labelSmoothing)
    }
    guard logits.rank > 0 else {
      throw .shape(name, expected: "logits of [batch, classes, …]", got: logits.shape)
    }
    if labels.dtype.isFloatingPoint {
      let logarithms = given.cast.logSoftmax(axis: logits.classAxis)
      return ElementLosses(try (-logarithms).expected(labels, weight, labelSmoothing))
    }
    let target = try ClassTarget(labels, of: logits, weight, ignoring: ignoreIndex, name)
    if labelSmoothing == 0, logits.rank == 2, given.dtype == logits.dtype.statistics {
      return target.losses(target.surprise(of: logits))
    }
    let logarithms = given.cast.logSoftmax(axis: logits.classAxis)
    let hit = -target.picked(from: logarithms)
    guard labelSmoothing > 0 else { return target.losses(hit) }
    let classes = Double(logits.shape[logits.classAxis])
    let spread = -target.total(of: logarithms) * (labelSmoothing / classes)
    return target.losses(hit * (1 - labelSmoothing) + spread)
  }
}

/// The negative of the log probability of the right labels.
///
/// - Shape: log probabilities `[batch, classes, …]` and labels `[batch, …]`, or `[classes]` and one
///   label → a single value, or the shape of the labels without reduction.
/// - Parameters:
///   - weight: `[classes]`, how much each class counts; the mean divides by the weights that took
///     part.
///   - ignoreIndex: a label that does not take part.
/// - Numerics: the mean is 0, with zero gradients, where no label takes part; PyTorch's is NaN.
/// - Errors: traps when a label is neither a class nor `ignoreIndex`, or shapes do not fit.
public func negativeLogLikelihood<Result>(
  _ logProbabilities: Tensor, _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  reduction: Reduction<Result> = .mean
) -> Result {
  reduction.applied(logProbabilities, weight) { (logProbabilities, weight) throws(TensorError) in
    let name = "negativeLogLikelihood"
    try logProbabilities.expectFloatingPoint(name)
    let target = try ClassTarget(labels, of: logProbabilities, weight, ignoring: ignoreIndex, name)
    return target.losses(-target.picked(from: logProbabilities))
  }
}

extension Tensor {
  /// The mean of these surprises over the classes, by probabilities.
  fileprivate func expected(
    _ probabilities: Tensor, _ weight: Tensor?, _ smoothing: Double
  ) throws(TensorError) -> Tensor {
    try expectTargets(probabilities, like: self, "crossEntropy")
    try expectWeight(weight, "crossEntropy")
    let classes = shape[classAxis]
    let smooth =
      smoothing == 0
      ? probabilities : probabilities * (1 - smoothing) + smoothing / Double(classes)
    let weighted = weight.map { self * forClasses($0) } ?? self
    return (weighted * smooth).sum(axis: classAxis)
  }
}
