/// The sum of squared distances from the mean over the last axes, in one pass over rows.
private struct SquareDistances: Operation {
  static let longestRow = 1 << 15
  let axes: [Int]

  var name: String { "squareDistances" }
  var precision: PrecisionRule { .wide }

  func result(of inputs: Operands) -> TensorSpec {
    TensorSpec(inputs[0].shape.reduced(axes, keepDims: true), inputs[0].dtype)
  }

  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)
  {
    try backend.squareDistances(inputs[0], width: inputs[0].count / output.count, into: output)
  }

  func backward(_ gradient: Tensor, inputs: Operands, output: Tensor) -> Slopes {
    let x = inputs[0]
    return [(x - x.mean(axes: axes, keepDims: true)) * (gradient * 2)]
  }
}

extension Tensor {
  /// The mean over the given axes; over all of them when nil. NaN over nothing; integers give float32.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    guard let reduced = self.axes(axes, "mean") else { return self }
    let terms = reduced.reduce(1) { $0 * shape.lanes[$1] }
    let sum = cast(to: dtype.statistics).sum(axes: reduced, keepDims: keepDims)
    return (sum / Double(terms)).cast(to: dtype.real)
  }
  /// The mean over an axis.
  public func mean(axis: Int, keepDims: Bool = false) -> Tensor {
    mean(axes: [axis], keepDims: keepDims)
  }

  /// The mean squared distance from the mean.
  ///
  /// - Parameter correction: what is taken off the count in the denominator; 1 gives the unbiased estimate, and NaN
  ///   for a single element.
  public func variance(axes: [Int]? = nil, correction: Int = 1, keepDims: Bool = false) -> Tensor {
    guard let reduced = self.axes(axes, "variance") else { return self }
    let terms = reduced.reduce(1) { $0 * shape.lanes[$1] }
    let real = cast(to: dtype.statistics)
    let squares = real.squareDistances(reduced).reshaped(
      shape.reduced(reduced, keepDims: keepDims))
    return (squares / Double(Swift.max(0, terms - correction))).cast(to: dtype.real)
  }

  /// The sum of squared distances from the mean, with axes of one element.
  private func squareDistances(_ axes: [Int]) -> Tensor {
    let width = axes.reduce(1) { $0 * shape.lanes[$1] }
    // Long rows are few, and are better cut into pieces.
    if axes == Array((rank - axes.count)..<rank), (1...SquareDistances.longestRow).contains(width) {
      return SquareDistances(axes: axes)(contiguous())
    }
    return (self - mean(axes: axes, keepDims: true)).square().sum(axes: axes, keepDims: true)
  }

  /// The square root of the variance.
  ///
  /// - Numerics: in float32 for halves.
  /// - Gradient: 0 where the deviation is 0.
  public func standardDeviation(
    axes: [Int]? = nil, correction: Int = 1, keepDims: Bool = false
  ) -> Tensor {
    cast(to: dtype.statistics).variance(axes: axes, correction: correction, keepDims: keepDims)
      .root(2).cast(to: dtype.real)
  }

  /// The logarithm of the sum of exponentials, without overflow; minus infinity where all elements are.
  public func logSumExp(axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    guard let reduced = self.axes(axes, "logSumExp") else { return self }
    return autocasting(.wide, self) { x in
      let top = x.detached().max(axes: reduced, keepDims: true)
      let shift = which(top.isFinite(), top, Tensor.zeros([], dtype: top.dtype))
      let sum = (x - shift).exp().sum(axes: reduced, keepDims: true).log() + shift
      return keepDims ? sum : sum.reshaped(shape.reduced(reduced, keepDims: false))
    }
  }

  /// The p-norm: the p-th root of the sum of p-th powers of magnitudes; the largest magnitude for infinity, the
  /// number of elements other than zero for 0.
  ///
  /// - Numerics: in float32 for halves.
  /// - Gradient: 0 where the norm is 0, and for elements that are 0.
  public func norm(_ p: Double = 2, axes: [Int]? = nil, keepDims: Bool = false) -> Tensor {
    autocasting(.wide, self) { $0.vectorNorm(p, axes, keepDims) }
  }

  private func vectorNorm(_ p: Double, _ axes: [Int]?, _ keepDims: Bool) -> Tensor {
    switch p {
    case .infinity: return abs().max(axes: axes, keepDims: keepDims)
    case -.infinity: return abs().min(axes: axes, keepDims: keepDims)
    case 0: return (self .!= 0).cast(to: dtype).sum(axes: axes, keepDims: keepDims)
    case 1: return abs().sum(axes: axes, keepDims: keepDims)
    default: break
    }
    let real = cast(to: dtype.statistics)
    let powers = p == 2 ? real.square() : real.abs().exceptAtZero { $0.pow(p) }
    return powers.sum(axes: axes, keepDims: keepDims).root(p).cast(to: dtype.real)
  }

  /// The p-th root, whose slope at 0 is 0 here.
  private func root(_ p: Double) -> Tensor {
    exceptAtZero { p == 2 ? $0.sqrt() : $0.pow(1 / p) }
  }

  /// What `function` makes of the elements; zeros stay zeros, and so does their slope, which may be infinite.
  private func exceptAtZero(_ function: (Tensor) -> Tensor) -> Tensor {
    let isZero = detached() .== 0
    let safe = which(isZero, Tensor.ones([], dtype: dtype), self)
    return which(isZero, Tensor.zeros([], dtype: dtype), function(safe))
  }
}
