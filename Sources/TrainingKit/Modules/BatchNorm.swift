/// Brings each channel to mean 0 and variance 1, by the statistics of the batch in training and by
/// their running averages in evaluation, then scales and shifts it by learned numbers.
///
/// A batch that has NaN or infinite statistics does not reach the running averages: they stay as
/// they were, where PyTorch's are lost for good.
///
/// - Shape: `[batch, channels, …]` → the same.
/// - Units: `epsilon` is added to the variance.
/// - Errors: traps in training when a channel has one value only.
/// - Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
public final class BatchNorm: Module {
  /// `[channels]`, 1 at first; nil when there is none.
  public let weight: Parameter?
  /// `[channels]`, 0 at first; nil when there is none.
  public let bias: Parameter?
  /// The running average of means, `[channels]`.
  public let runningMean: Buffer
  /// The running average of unbiased variances, `[channels]`.
  public let runningVariance: Buffer
  /// How many batches the averages have seen; int64.
  public let batchCount: Buffer
  private let mode = Mode()
  private let momentum: Double?
  private let epsilon: Double

  /// Creates a layer for as many channels.
  ///
  /// - Parameters:
  ///   - momentum: the share of a new batch in the running averages; nil averages over all batches
  ///     alike.
  ///   - affine: whether scale and shift are learned.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true
  ) {
    weight = affine ? Parameter(.ones([channels])) : nil
    bias = affine ? Parameter(.zeros([channels])) : nil
    runningMean = Buffer(.zeros([channels]))
    runningVariance = Buffer(.ones([channels]))
    batchCount = Buffer(Tensor(0))
    (self.epsilon, self.momentum) = (epsilon, momentum)
  }

  /// Computes the output, and in training moves the running averages.
  public func forward(_ x: Tensor) -> Tensor {
    guard mode.isTraining else {
      return x.batchNorm(
        mean: runningMean.value, variance: runningVariance.value, weight: weight?.value,
        bias: bias?.value, epsilon: epsilon)
    }
    let result = x.batchNorm(weight: weight?.value, bias: bias?.value, epsilon: epsilon)
    if !result.mean.isHollow { average(result.mean, result.variance) }
    return result.output
  }

  private func average(_ mean: Tensor, _ variance: Tensor) {
    let dtype = runningMean.value.dtype
    let (mean, variance) = (mean.cast(to: dtype), variance.cast(to: dtype))
    let isFinite = (mean.isFinite() .& variance.isFinite()).all()
    batchCount.value = batchCount.value + isFinite.cast(to: .int64)
    let share = momentum.map { Tensor($0, dtype: dtype) } ?? 1 / batchCount.value.cast(to: dtype)
    for (buffer, new) in [(runningMean, mean), (runningVariance, variance)] {
      let old = buffer.value
      buffer.value = which(isFinite, old * (1 - share) + new * share, old)
    }
  }
}
