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
public func crossEntropy(
  _ logits: Tensor, _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  labelSmoothing: Double = 0, reduction: Reduction = .mean
) -> Tensor {
  checked { () throws(TensorError) in
    let name = "crossEntropy"
    try logits.expectFloatingPoint(name)
    guard (0...1).contains(labelSmoothing) else {
      throw .argument(name, expected: "labelSmoothing in 0 … 1", got: labelSmoothing)
    }
    guard logits.rank > 0 else {
      throw .shape(name, expected: "logits of [batch, classes, …]", got: logits.shape)
    }
    let surprise = -logits.logSoftmax(axis: logits.classAxis)
    if labels.dtype.isFloatingPoint {
      return try surprise.expected(labels, weight, labelSmoothing, reduction)
    }
    let target = try ClassTarget(labels, of: logits, weight, ignoring: ignoreIndex, name)
    let hit = target.picked(from: surprise)
    guard labelSmoothing > 0 else { return target.reduced(hit, by: reduction) }
    let classes = Double(logits.shape[logits.classAxis])
    let spread = target.total(of: surprise) * (labelSmoothing / classes)
    return target.reduced(hit * (1 - labelSmoothing) + spread, by: reduction)
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
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100,
  reduction: Reduction = .mean
) -> Tensor {
  checked(.wide, logProbabilities, weight) { (logProbabilities, weight) throws(TensorError) in
    let name = "negativeLogLikelihood"
    try logProbabilities.expectFloatingPoint(name)
    let target = try ClassTarget(labels, of: logProbabilities, weight, ignoring: ignoreIndex, name)
    return target.reduced(target.picked(from: -logProbabilities), by: reduction)
  }
}

extension Tensor {
  /// Where classes are in logits: behind the batch, or alone.
  fileprivate var classAxis: Int { rank == 1 ? 0 : 1 }

  /// One number for each class, so that it broadcasts over logits of this shape.
  fileprivate func forClasses(_ values: Tensor) -> Tensor {
    let behind = Array(repeating: 1, count: rank - classAxis - 1)
    return values.cast(to: dtype).reshaped([values.count] + behind)
  }

  /// Throws unless the weights are one for each class of these logits.
  fileprivate func expectWeight(_ weight: Tensor?, _ operation: String) throws(TensorError) {
    guard let weight, weight.shape != [shape[classAxis]] else { return }
    throw .shape(
      operation, expected: "one weight for each of \(shape[classAxis]) classes", got: weight.shape)
  }

  /// The mean of these surprises over the classes, by probabilities.
  fileprivate func expected(
    _ probabilities: Tensor, _ weight: Tensor?, _ smoothing: Double, _ reduction: Reduction
  ) throws(TensorError) -> Tensor {
    try expectTargets(probabilities, like: self, "crossEntropy")
    try expectWeight(weight, "crossEntropy")
    let classes = shape[classAxis]
    let smooth =
      smoothing == 0
      ? probabilities : probabilities * (1 - smoothing) + smoothing / Double(classes)
    let weighted = weight.map { self * forClasses($0) } ?? self
    return (weighted * smooth).sum(axis: classAxis).reduced(by: reduction)
  }
}

/// Labels and what they pick from logits.
private struct ClassTarget {
  /// The labels, 0 in place of those that do not take part.
  private let labels: Tensor
  private let isIgnored: Tensor
  private let axis: Int
  private let weight: Tensor?
  private let zero: Tensor

  init(
    _ labels: Tensor, of logits: Tensor, _ weight: Tensor?, ignoring ignored: Int, _ name: String
  ) throws(TensorError) {
    guard logits.rank > 0, labels.shape == logits.shape.removing(logits.classAxis) else {
      throw .shape(
        name, expected: "logits of [batch, classes, …] and labels of [batch, …]", got: logits.shape,
        labels.shape)
    }
    guard labels.dtype.isInteger else {
      throw .dtype(name, expected: "labels of an integer dtype", got: labels.dtype)
    }
    try logits.expectWeight(weight, name)
    axis = logits.classAxis
    // uint8 labels could not be compared with −100.
    let labels = labels.cast(to: .int64)
    try labels.expectClasses(logits.shape[axis], orEqual: ignored, name)
    isIgnored = labels .== ignored
    zero = Tensor.zeros([], dtype: logits.dtype)
    self.labels = which(isIgnored, Tensor(0), labels)
    self.weight = weight.map { logits.forClasses($0) }
  }

  /// The weighted value at each label; 0 where it does not take part.
  func picked(from values: Tensor) -> Tensor {
    let weighted = weight.map { values * $0 } ?? values
    return masked(
      weighted.gather(labels.expandedDimensions(axis: axis), axis: axis).squeezed(axis: axis))
  }

  /// The weighted sum over all classes; 0 where the label does not take part.
  func total(of values: Tensor) -> Tensor {
    masked((weight.map { values * $0 } ?? values).sum(axis: axis))
  }

  private func masked(_ losses: Tensor) -> Tensor { which(isIgnored, zero, losses) }

  func reduced(_ losses: Tensor, by reduction: Reduction) -> Tensor {
    guard reduction == .mean else { return losses.reduced(by: reduction) }
    let ones = Tensor.ones(labels.shape, dtype: losses.dtype)
    let weights = weight.map { $0.flattened().taking(labels) } ?? ones
    let total = masked(weights).sum()
    return losses.sum() / which(total .== 0, Tensor.ones([], dtype: losses.dtype), total)
  }
}

extension Tensor {
  /// Throws at the first label that is neither one of `count` classes nor the one that does not
  /// take part.
  fileprivate func expectClasses(
    _ count: Int, orEqual ignored: Int, _ operation: String
  ) throws(TensorError) {
    guard !isHollow else { return }
    let stray = elements(Int.self).first { !(0..<count).contains($0) && $0 != ignored }
    guard let stray else { return }
    throw TensorError(
      .index, operation, expected: "labels in \(0..<count), or \(ignored) to ignore one",
      got: "\(stray)")
  }
}
