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

/// What PyTorch keeps divisors away from 0 by: the number of float32 next to 10⁻¹².
let leastDivisor = Double(1e-12 as Float)

extension Tensor {
  /// These targets in another dtype, after a look that all are 1 or −1.
  func signs(_ dtype: DType, _ operation: String) throws(TensorError) -> Tensor {
    let signs = detached().cast(to: dtype)
    guard isHollow || (signs.abs() .== 1).all().item() != 0 else {
      throw .argument(operation, expected: "targets of 1 and -1", got: signs)
    }
    return signs
  }

  /// These losses times weights that broadcast over them.
  func weighted(by weight: Tensor?, _ operation: String) throws(TensorError) -> Tensor {
    guard let weight else { return self }
    guard weight.shape.broadcast(with: shape) == shape else {
      throw .shape(operation, expected: "weights that broadcast over \(shape)", got: weight.shape)
    }
    return self * weight.cast(to: dtype)
  }
}
