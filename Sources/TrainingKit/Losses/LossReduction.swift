/// What becomes of the losses of the elements.
public enum Reduction: Sendable, Hashable, CaseIterable {
  /// Nothing: one loss each.
  case none
  /// Their mean, which is NaN over nothing.
  case mean
  /// Their sum.
  case sum
}

extension Tensor {
  /// These losses, one for each element, brought together.
  func reduced(by reduction: Reduction) -> Tensor {
    switch reduction {
    case .none: self
    case .mean: mean()
    case .sum: sum()
    }
  }
}

/// Throws unless predictions and targets have one shape: broadcasting would compare every
/// prediction with every target and still train.
func expectTargets(
  _ targets: Tensor, like predictions: Tensor, _ operation: String
) throws(TensorError) {
  try predictions.expectFloatingPoint(operation)
  guard predictions.shape == targets.shape else {
    throw .shape(
      operation, expected: "predictions and targets of one shape", got: predictions.shape,
      targets.shape)
  }
}
