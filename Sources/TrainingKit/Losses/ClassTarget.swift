/// What the mean of a classification loss divides by: the number of labels that take part, or the
/// sum of the weights of their classes.
///
///     let outcome = try run.step(accumulating: batch.split(size: 16), weight: { labelCount($0.y) }) {
///       crossEntropy($0($1.x), $1.y)
///     }
///
/// - Parameters:
///   - weight: `[classes]`, how much each class counts.
///   - ignoreIndex: a label that does not take part.
/// - Errors: traps when a label that takes part has no weight.
public func labelCount(
  _ labels: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100
) -> Double {
  let classes = labels.elements(Int.self).filter { $0 != ignoreIndex }
  guard let weight else { return Double(classes.count) }
  let weights = weight.elements(Double.self)
  if let stray = classes.first(where: { !weights.indices.contains($0) }) {
    Context.current.fail(TensorError.stray(stray, weights.count, ignoreIndex, "labelCount"))
    return 0
  }
  return classes.reduce(0) { $0 + weights[$1] }
}

extension TensorError {
  /// The mistake of a label that is no class.
  fileprivate static func stray(
    _ label: Int, _ classes: Int, _ ignored: Int, _ operation: String
  ) -> TensorError {
    TensorError(
      .index, operation, expected: "labels in \(0..<classes), or \(ignored) to ignore one",
      got: "\(label)")
  }
}

extension Tensor {
  /// Where classes are in logits: behind the batch, or alone.
  var classAxis: Int { rank == 1 ? 0 : 1 }

  /// One number for each class, so that it broadcasts over logits of this shape.
  func forClasses(_ values: Tensor) -> Tensor {
    let behind = Array(repeating: 1, count: rank - classAxis - 1)
    return values.cast(to: dtype).reshaped([values.count] + behind)
  }

  /// Throws unless the weights are one for each class of these logits.
  func expectWeight(_ weight: Tensor?, _ operation: String) throws(TensorError) {
    guard let weight, weight.shape != [shape[classAxis]] else { return }
    throw .shape(
      operation, expected: "one weight for each of \(shape[classAxis]) classes", got: weight.shape)
  }
}

/// Labels and what they pick from logits.
struct ClassTarget {
  /// The labels, 0 in place of those that do not take part.
  private let labels: Tensor
  private let isIgnored: Tensor
  private let axis: Int
  private let weight: Tensor?
  private let count: LossCount

  init(
    _ labels: Tensor, of logits: Tensor, _ weight: Tensor? = nil, ignoring ignored: Int,
    _ name: String
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
    self.labels = which(isIgnored, Tensor(0), labels)
    self.weight = weight.map { logits.forClasses($0) }
    if labels.isHollow {
      count = .known(0)
    } else if Context.current.backend.computesAside {
      // Reading it would have the program wait.
      count = .computed(Self.count(self.labels, isIgnored, weight))
    } else if weight != nil {
      // The same sum to the bit.
      count = .known(Self.count(self.labels, isIgnored, weight).item())
    } else {
      count = .known(labelCount(labels, ignoreIndex: ignored))
    }
  }

  /// As `labelCount`, where the labels are.
  private static func count(_ labels: Tensor, _ isIgnored: Tensor, _ weight: Tensor?) -> Tensor {
    let one = Tensor(1.0, dtype: .float64)
    let each = weight.map { $0.detached().cast(to: .float64).taking(labels) } ?? one
    return which(isIgnored, Tensor(0.0, dtype: .float64), each).sum()
  }

  /// The weighted value at each label; 0 where it does not take part.
  func picked(from values: Tensor) -> Tensor {
    masked(
      weighted(values).gather(labels.expandedDimensions(axis: axis), axis: axis).squeezed(
        axis: axis))
  }

  /// The weighted −log softmax of rows `[…, classes]` at each label; 0 where it does not take part.
  func surprise(of logits: Tensor) -> Tensor {
    let each = logits.surprise(at: labels)
    return masked(weight.map { each * $0.cast(to: each.dtype).gather(labels, axis: 0) } ?? each)
  }

  /// The weighted sum over all classes; 0 where the label does not take part.
  func total(of values: Tensor) -> Tensor { masked(weighted(values).sum(axis: axis)) }

  /// The losses of labels, and what their mean divides by.
  func losses(_ each: Tensor, dtype: DType? = nil) -> ElementLosses {
    ElementLosses(masked(each), dtype: dtype, count: count)
  }

  private func weighted(_ values: Tensor) -> Tensor { weight.map { values * $0 } ?? values }

  private func masked(_ losses: Tensor) -> Tensor {
    which(isIgnored, Tensor.zeros([], dtype: losses.dtype), losses)
  }
}

extension Tensor {
  /// Throws at the first label that is neither one of `count` classes nor the one that does not
  /// take part.
  fileprivate func expectClasses(
    _ count: Int, orEqual ignored: Int, _ operation: String
  ) throws(TensorError) {
    let place = Context.current.place
    try checkIndices(
      IndexRule(limit: count, ignored: ignored) { label in
        let error = TensorError.stray(Int(label), count, ignored, operation)
        return place?.located(error) ?? error
      }, operation)
  }
}
