/// A shift and a scale that bring each feature to mean 0 and variance 1.
///
///     let standardization = Standardization(of: training.all.x)
///     let (seen, unseen) = (training.standardized(by: standardization), heldOut.standardized(by: standardization))
///     model(standardization(x))      // what the network sees when it is used
public struct Standardization: Sendable {
  /// The mean of each feature; float64.
  public let mean: Tensor
  /// What each feature is divided by: its standard deviation, or 1 where it is constant; float64.
  public let scale: Tensor

  /// Measures examples, one a row.
  ///
  /// - Parameter axes: what is averaged over: `[0]` measures every column, `[0, 2, 3]` the channels of images.
  /// - Numerics: in float64; the variance is that of the population.
  /// - Errors: traps when there is no such axis.
  public init(of examples: Tensor, axes: [Int] = [0]) {
    let x = examples.detached().cast(to: .float64)
    guard x.count > 0 else {
      (mean, scale) = (Tensor.zeros([], dtype: .float64), Tensor.ones([], dtype: .float64))
      return
    }
    // A constant's deviation need not come out as 0, and dividing by what rounding left would blow it up.
    let isConstant = x.max(axes: axes, keepDims: true) .== x.min(axes: axes, keepDims: true)
    let deviation = x.standardDeviation(axes: axes, correction: 0, keepDims: true)
    mean = x.mean(axes: axes, keepDims: true)
    scale = which(isConstant, .ones([], dtype: .float64), deviation)
  }

  /// The examples, shifted and scaled; float32 unless they are of another floating-point dtype.
  ///
  /// - Numerics: in float64, as features far from 0 need it.
  public func callAsFunction(_ examples: Tensor) -> Tensor {
    let dtype = examples.dtype.isFloatingPoint ? examples.dtype : .float32
    return ((examples.cast(to: .float64) - mean) / scale).cast(to: dtype)
  }
}

extension Dataset {
  /// This dataset with inputs shifted and scaled as they are taken.
  public func standardized(by standardization: Standardization) -> TransformedDataset<Self> {
    transformed { batch, _ in batch.x = standardization(batch.x) }
  }
}
