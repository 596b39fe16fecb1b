extension DType {
  /// What means and variances of this dtype are computed in.
  var statistics: DType { self == .float64 ? .float64 : .float32 }

  /// This dtype, or float32 in place of an integer.
  var real: DType { isFloatingPoint ? self : .float32 }
}

extension Tensor {
  /// Brings each channel to mean 0 and variance 1 over the batch and all places, then scales and
  /// shifts it: batch normalization in training.
  ///
  /// - Shape: `[batch, channels, …]`, with a weight and a bias of `[channels]` → the same.
  /// - Returns: the output, and mean and unbiased variance `[channels]` of the batch for running
  ///   averages, without gradients.
  /// - Units: `epsilon` is added to the variance.
  /// - Numerics: statistics in float32 for halves, in float64 across samples.
  /// - Gradient: exact in every order.
  /// - Errors: traps when a channel has one value only.
  /// - Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
  public func batchNorm(
    weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
    do throws(TensorError) {
      try expectChannels([weight, bias], "batchNorm")
      let values = count / Swift.max(1, shape[1])
      guard values > 1 else {
        throw .shape("batchNorm", expected: "more than one value for each channel", got: shape)
      }
      guard values / shape[0] >= Tensor.leastPlane || shape[0] == 1 else {
        return channelsFirst(weight, bias, epsilon)
      }
      let context = Context.current
      let (function, output) = withoutGradients {
        BatchNormalization.applied(to: contiguous(), epsilon: epsilon, weight: weight, bias: bias)
      }
      let unbiased = function.statistics.variance * (Double(values) / Double(values - 1))
      let inputs = Operands([self] + [weight, bias].compactMap(\.self))
      return (
        function.recorded(output, of: inputs, in: context), function.statistics.mean, unbiased
      )
    } catch {
      Context.current.fail(error)
      let hollow = Tensor.hollow(.scalar, dtype)
      return (hollow, hollow, hollow)
    }
  }

  /// Elements of a channel that lie side by side for one sample, from which on they are read as they lie.
  private static var leastPlane: Int { 16 }

  /// Batch normalization of elements brought into an order in which those of a channel lie side by side.
  private func channelsFirst(
    _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double
  ) -> (output: Tensor, mean: Tensor, variance: Tensor) {
    let (batch, channels, inner) = (shape[0], shape[1], shape.dropFirst(2).reduce(1, *))
    let lined = reshaped([batch, channels, inner] as Shape).permuted(1, 0, 2)
      .reshaped([1, channels, batch * inner] as Shape)
    let result = lined.batchNorm(weight: weight, bias: bias, epsilon: epsilon)
    let output = result.output.reshaped([channels, batch, inner] as Shape).permuted(1, 0, 2)
    return (output.contiguous().reshaped(shape), result.mean, result.variance)
  }

  /// Brings each channel from the given mean and variance to 0 and 1, then scales and shifts it:
  /// batch normalization in evaluation.
  ///
  /// - Shape: `[batch, channels, …]`, with everything else `[channels]` → the same.
  /// - Units: `epsilon` is added to the variance.
  public func batchNorm(
    mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil,
    epsilon: Double = 1e-5
  ) -> Tensor {
    checked { () throws(TensorError) in
      try expectChannels([mean, variance, weight, bias], "batchNorm")
      let root = (variance.cast(to: dtype.statistics) + epsilon).rsqrt()
      let scale = weight.map { root * $0 } ?? root
      let shift = bias.map { $0 - mean * scale } ?? -(mean * scale)
      return (self * scale.forChannels(of: self) + shift.forChannels(of: self)).cast(to: dtype)
    }
  }

  /// Brings groups of channels of each sample to mean 0 and variance 1, then scales and shifts each
  /// channel.
  ///
  /// - Shape: `[batch, channels, …]`, with a weight and a bias of `[channels]` → the same.
  /// - Units: `epsilon` is added to the variance.
  /// - Numerics: statistics in float32 for halves.
  /// - Gradient: exact in every order.
  /// - Errors: traps when the channels are not a multiple of the groups.
  /// - Source: Wu and He 2018, arXiv:1803.08494.
  public func groupNorm(
    groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    autocasting(.wide, self, weight, bias) {
      $0.groupNorm("groupNorm", groups, $1, $2, epsilon)
    }
  }

  /// Brings each channel of each sample to mean 0 and variance 1, then scales and shifts it.
  ///
  /// - Shape: `[batch, channels, …]`, with a weight and a bias of `[channels]` → the same.
  /// - Units: `epsilon` is added to the variance.
  /// - Source: Ulyanov et al. 2016, arXiv:1607.08022.
  public func instanceNorm(
    weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5
  ) -> Tensor {
    groupNorm("instanceNorm", rank > 1 ? shape[1] : 1, weight, bias, epsilon)
  }

  private func groupNorm(
    _ operation: String, _ groups: Int, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double
  ) -> Tensor {
    checked { () throws(TensorError) in
      try expectChannels([weight, bias], operation)
      try TensorError.expect(groups, atLeast: 1, "number of groups", operation)
      guard shape[1] % groups == 0 else {
        throw .shape(operation, expected: "channels in \(groups) equal groups", got: shape)
      }
      let perGroup = count / Swift.max(1, shape[0] * groups)
      let grouped = cast(to: dtype.statistics).reshaped([shape[0], groups, perGroup] as Shape)
      let centered = grouped - grouped.mean(axes: [2], keepDims: true)
      let variance = centered.square().mean(axes: [2], keepDims: true)
      let standardized = centered * (variance + epsilon).rsqrt()
      return standardized.reshaped(shape)
        .scaled(weight?.forChannels(of: self), bias?.forChannels(of: self)).cast(to: dtype)
    }
  }
}

extension Tensor {
  func scaled(_ weight: Tensor?, _ bias: Tensor?) -> Tensor {
    let scaled = weight.map { self * $0 } ?? self
    return bias.map { scaled + $0 } ?? scaled
  }

  /// These values, one for each channel of another tensor, so that they broadcast over it.
  func forChannels(of other: Tensor) -> Tensor {
    reshaped([count] + Array(repeating: 1, count: other.rank - 2))
  }

  private func expectChannels(_ values: [Tensor?], _ operation: String) throws(TensorError) {
    try expectFloatingPoint(operation)
    guard rank >= 2 else {
      throw .shape(operation, expected: "[batch, channels, …]", got: shape)
    }
    for case let values? in values { try values.expectOneForEach(of: shape[1], operation) }
  }
}
