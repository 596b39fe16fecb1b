internal import TrainingKit

/// The natural logarithm, which the standard library does not have.
func logarithm(_ x: Double) -> Double { Tensor(x, dtype: .float64).log().item() }

extension Tensor {
  /// The root of the mean of squares; 0 without elements.
  var rootMeanSquare: Double {
    count == 0 ? 0 : detached().cast(to: .float64).square().mean().item().squareRoot()
  }

  /// Whether no element is NaN or infinite.
  var isAllFinite: Bool {
    count == 0 || !dtype.isFloatingPoint || detached().isFinite().all().item() == 1
  }

  /// The largest magnitude; 0 without elements.
  var largestMagnitude: Double { count == 0 ? 0 : detached().cast(to: .float64).abs().max().item() }

  /// The units that a layer's output is made of: `[values of each, units]`.
  var byUnit: Tensor {
    let x = detached().cast(to: .float32)
    // Images have their channels behind the batch, all else its features last.
    if rank < 4 { return x.reshaped([-1, shape[-1]]) }
    return x.permuted([0] + Array(2..<rank) + [1]).reshaped([-1, shape[1]])
  }
}
