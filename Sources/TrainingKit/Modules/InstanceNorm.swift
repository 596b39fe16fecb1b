/// Brings each channel of each sample to mean 0 and variance 1, then, where asked to, scales and
/// shifts it by learned numbers.
///
/// With running averages it normalizes by them in evaluation. A batch that has NaN or infinite
/// statistics does not reach them, as in ``BatchNorm``.
///
/// - Shape: `[batch, channels, …]` → the same.
/// - Units: `epsilon` is added to the variance.
/// - Errors: traps when a channel of a sample has one value only and is normalized by itself.
/// - Source: Ulyanov et al. 2016, arXiv:1607.08022.
public final class InstanceNorm: Module {
  /// `[channels]`, 1 at first; nil when there is none.
  public let weight: Parameter?
  /// `[channels]`, 0 at first; nil when there is none.
  public let bias: Parameter?
  /// The running average of the samples' means, `[channels]`; nil when there is none.
  public let runningMean: Buffer?
  /// The running average of the samples' unbiased variances, `[channels]`; nil when there is none.
  public let runningVariance: Buffer?
  private let mode = Mode()
  private let channels: Int
  private let epsilon, momentum: Double

  /// Creates a layer for as many channels.
  ///
  /// - Parameters:
  ///   - momentum: the share of a new batch in the running averages.
  ///   - affine: whether scale and shift are learned.
  ///   - tracksStatistics: whether there are running averages.
  public init(
    _ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
    tracksStatistics: Bool = false
  ) {
    weight = affine ? Parameter(.ones([channels])) : nil
    bias = affine ? Parameter(.zeros([channels])) : nil
    runningMean = tracksStatistics ? Buffer(.zeros([channels])) : nil
    runningVariance = tracksStatistics ? Buffer(.ones([channels])) : nil
    (self.channels, self.epsilon, self.momentum) = (channels, epsilon, momentum)
  }

  /// Computes the output, and in training moves the running averages if there are any.
  public func forward(_ x: Tensor) -> Tensor {
    if let runningMean, let runningVariance, !mode.isTraining {
      return x.batchNorm(
        mean: runningMean.value, variance: runningVariance.value, weight: weight?.value,
        bias: bias?.value, epsilon: epsilon)
    }
    guard x.rank > 2, x.shape[1] == channels, x.shape.dropFirst(2).reduce(1, *) > 1 else {
      let expected = "[batch, \(channels), …] with more than one value for each channel"
      if !x.isHollow {
        Context.current.fail(TensorError.shape("InstanceNorm", expected: expected, got: x.shape))
      }
      return .hollow(.scalar, x.dtype)
    }
    let output = x.instanceNorm(weight: weight?.value, bias: bias?.value, epsilon: epsilon)
    if !output.isHollow { withoutGradients { track(x.detached().flattened(from: 2)) } }
    return output
  }

  private func track(_ x: Tensor) {
    guard let runningMean, let runningVariance else { return }
    let dtype = runningMean.value.dtype
    let mean = x.mean(axis: 2).mean(axis: 0).cast(to: dtype)
    let variance = x.variance(axes: [2]).mean(axis: 0).cast(to: dtype)
    let isFinite = (mean.isFinite() .& variance.isFinite()).all()
    for (average, new) in [(runningMean, mean), (runningVariance, variance)] {
      let moved = average.value + momentum * (new - average.value)
      average.value = which(isFinite, moved, average.value)
    }
  }
}
