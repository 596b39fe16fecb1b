internal import CTrainingKernels

extension Tensor {
  /// The larger of 0 and x; keeps NaN.
  ///
  /// - Gradient: 0 at 0.
  public func relu() -> Tensor { Unary(tk_unary_relu)(self) }

  /// x above zero, `slope` times x below.
  ///
  /// - Gradient: the slope at 0.
  public func leakyReLU(slope: Double = 0.01) -> Tensor { Unary(tk_unary_leakyReLU, slope)(self) }

  /// x above zero, `weight` times x below, where the weight is learned: one value, or one for each channel.
  ///
  /// - Shape: `[batch, channels, …]` with a weight of `[1]` or `[channels]`.
  /// - Gradient: the weight at 0.
  /// - Source: He et al. 2015, arXiv:1502.01852.
  public func prelu(_ weight: Tensor) -> Tensor {
    autocasting(.low, self, weight) { x, weight in
      let perChannel = weight.count > 1 && rank > 2
      let spread =
        perChannel ? weight.reshaped([weight.count] + Array(repeating: 1, count: rank - 2)) : weight
      return which(x .> 0, x, spread * x)
    }
  }

  /// x above zero, α (eˣ − 1) below.
  ///
  /// - Source: Clevert et al. 2016, arXiv:1511.07289.
  public func elu(alpha: Double = 1) -> Tensor { Unary(tk_unary_elu, alpha)(self) }

  /// x above zero, α (e^(x/α) − 1) below.
  public func celu(alpha: Double = 1) -> Tensor { Unary(tk_unary_celu, alpha)(self) }

  /// The exponential linear unit that keeps mean 0 and variance 1 through layers.
  ///
  /// - Source: Klambauer et al. 2017, arXiv:1706.02515.
  public func selu() -> Tensor { Unary(tk_unary_selu)(self) }

  /// x times the normal distribution function of x.
  ///
  /// - Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
  public func gelu(_ approximation: GELUApproximation = .exact) -> Tensor {
    Unary(approximation == .exact ? tk_unary_gelu : tk_unary_geluTanh)(self)
  }

  /// x times its logistic sigmoid, also known as swish.
  public func silu() -> Tensor { Unary(tk_unary_silu)(self) }

  /// x times tanh(softplus(x)).
  public func mish() -> Tensor { Unary(tk_unary_mish)(self) }

  /// log(1 + e^(βx)) / β, and x itself where βx is above the threshold.
  public func softplus(beta: Double = 1, threshold: Double = 20) -> Tensor {
    Unary(tk_unary_softplus, beta, threshold)(self)
  }

  /// x / (1 + |x|).
  public func softsign() -> Tensor { Unary(tk_unary_softsign)(self) }

  /// x times hardsigmoid(x).
  public func hardswish() -> Tensor { Unary(tk_unary_hardswish)(self) }

  /// (x + 3) / 6, brought into 0 … 1.
  public func hardsigmoid() -> Tensor { Unary(tk_unary_hardsigmoid)(self) }

  /// x brought into a range.
  ///
  /// - Gradient: 0 at both ends, unlike ``clamped(min:max:)``.
  public func hardtanh(min minimum: Double = -1, max maximum: Double = 1) -> Tensor {
    Unary(tk_unary_hardtanh, minimum, maximum)(self)
  }

  /// x brought into 0 … 6.
  ///
  /// - Gradient: 0 at both ends.
  public func relu6() -> Tensor {
    dtype.isInteger ? clamped(min: 0, max: 6) : Unary(tk_unary_relu6)(self)
  }

  /// 1 / (1 + e⁻ˣ).
  public func sigmoid() -> Tensor { Unary(tk_unary_sigmoid)(self) }

  /// The logarithm of the sigmoid, stable for large negative x.
  public func logSigmoid() -> Tensor { Unary(tk_unary_logSigmoid)(self) }

  /// x above the threshold, `value` elsewhere.
  public func threshold(_ threshold: Double, value: Double) -> Tensor {
    Unary(tk_unary_threshold, threshold, value)(self)
  }

  /// x moved toward zero by λ, and 0 within λ of it.
  public func softshrink(lambda: Double = 0.5) -> Tensor {
    Unary(tk_unary_softshrink, lambda)(self)
  }

  /// x, and 0 within λ of zero.
  public func hardshrink(lambda: Double = 0.5) -> Tensor {
    Unary(tk_unary_hardshrink, lambda)(self)
  }

  /// x − tanh(x).
  ///
  /// - Numerics: keeps its digits where x is small and the two nearly cancel.
  public func tanhshrink() -> Tensor { Unary(tk_unary_tanhshrink)(self) }
}

/// How GELU is computed.
public enum GELUApproximation: Sendable, Hashable {
  /// By the error function.
  case exact
  /// By a hyperbolic tangent, as GPT-2 does.
  case tanh
}
