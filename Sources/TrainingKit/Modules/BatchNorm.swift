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
  /// During a recalibration, how many values of each channel the averages have seen; float64.
  private var seen: Tensor?

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
    if !result.mean.isHollow {
      average(result.mean, result.variance, of: x.count / x.shape[1])
    }
    return result.output
  }

  private func average(_ mean: Tensor, _ variance: Tensor, of values: Int) {
    let dtype = runningMean.value.dtype
    let (mean, variance) = (mean.cast(to: dtype), variance.cast(to: dtype))
    let isFinite = (mean.isFinite() .& variance.isFinite()).all()
    batchCount.value = batchCount.value + isFinite.cast(to: .int64)
    let share = share(of: values, where: isFinite, dtype)
    for (buffer, new) in [(runningMean, mean), (runningVariance, variance)] {
      let old = buffer.value
      buffer.value = which(isFinite, old * (1 - share) + new * share, old)
    }
  }

  /// The share of a batch in the averages; it has no meaning where the batch is not finite.
  private func share(of values: Int, where isFinite: Tensor, _ dtype: DType) -> Tensor {
    guard let before = seen else {
      return momentum.map { Tensor($0, dtype: dtype) } ?? 1 / batchCount.value.cast(to: dtype)
    }
    let now = before + isFinite.cast(to: .float64) * Double(values)
    seen = now
    return (Double(values) / now).cast(to: dtype)
  }
}

extension BatchNorm {
  fileprivate var statistics: [Tensor] {
    get { [runningMean.value, runningVariance.value, batchCount.value] }
    set {
      runningMean.value = newValue[0]
      runningVariance.value = newValue[1]
      batchCount.value = newValue[2]
    }
  }

  /// Runs `body` while the averages are of the batches that come, each by its number of values. The averages stay as
  /// they were when `body` throws, or no batch came.
  fileprivate func recalibrating(_ body: () throws -> Void) rethrows {
    let old = statistics
    var isDone = false
    defer {
      if !isDone || seen?.item() == 0 { statistics = old }
      seen = nil
    }
    mode.isTraining = true
    seen = Tensor(0.0, dtype: .float64)
    statistics = [old[0].zeros, old[1].zeros + 1, old[2].zeros]
    try body()
    isDone = true
  }
}

extension Tensor {
  fileprivate var zeros: Tensor { Tensor.zeros(shape, dtype: dtype) }
}

extension Module {
  /// Replaces the running statistics of all batch normalization by those of the given batches, as weights need that
  /// were averaged rather than trained.
  ///
  /// Each batch counts by the number of its values, where PyTorch's `update_bn` lets a small last batch count as much
  /// as the others. Everything else is in evaluation, dropout too, and all modes are as before afterwards. A layer that
  /// no finite batch reaches keeps its statistics.
  ///
  /// - Numerics: the variance is the mean of the batches' unbiased variances, as in PyTorch.
  public func recalibrateBatchNorm(over batches: some Sequence<Input>) {
    recalibrateBatchNorm { model in for batch in batches { _ = model(batch) } }
  }

  /// Replaces the running statistics of all batch normalization by those of the batches that `body` runs the model on.
  ///
  ///     try model.recalibrateBatchNorm { model in for batch in loader { _ = model(batch.x) } }
  ///
  /// - Errors: what `body` throws; the statistics and all modes are as before then.
  public func recalibrateBatchNorm(_ body: (Self) throws -> Void) rethrows {
    let members = ModuleMembers(of: self)
    let modes = members.modes.map { ($0, $0.isTraining) }
    defer { for (mode, isTraining) in modes { mode.isTraining = isTraining } }
    evaluate()
    let norms = (members.modules.map(\.module) + [self]).compactMap { $0 as? BatchNorm }
    try withoutGradients { try recalibrating(norms[...], body) }
  }

  private func recalibrating(
    _ norms: ArraySlice<BatchNorm>, _ body: (Self) throws -> Void
  ) rethrows {
    guard let first = norms.first else { return try body(self) }
    try first.recalibrating { try recalibrating(norms.dropFirst(), body) }
  }
}
