internal import CTrainingKernels

extension Tensor {
  /// Every element with the opposite sign.
  public static prefix func - (x: Tensor) -> Tensor { Unary(tk_unary_neg)(x) }

  /// The magnitude of every element.
  ///
  /// - Gradient: the sign; 0 at 0.
  public func abs() -> Tensor { Unary(tk_unary_abs)(self) }

  /// −1, 0 or 1, as every element is below, at or above zero.
  ///
  /// - Gradient: 0.
  public func sign() -> Tensor { Unary(tk_unary_sign)(self) }

  /// Every element times itself.
  public func square() -> Tensor {
    Unary(tk_unary_square, resultType: dtype == .bool ? .int64 : nil)(self)
  }

  /// The exponential of every element.
  ///
  /// - Numerics: at most 2 ulp from the exact value in float32.
  public func exp() -> Tensor { Unary(tk_unary_exp)(self) }

  /// The exponential minus 1, accurate near 0.
  public func expm1() -> Tensor { Unary(tk_unary_expm1)(self) }

  /// The natural logarithm: NaN below 0, minus infinity at 0.
  public func log() -> Tensor { Unary(tk_unary_log)(self) }

  /// The natural logarithm of 1 + x, accurate near 0.
  public func log1p() -> Tensor { Unary(tk_unary_log1p)(self) }

  /// The square root: NaN below 0.
  ///
  /// - Gradient: infinite at 0.
  public func sqrt() -> Tensor { Unary(tk_unary_sqrt)(self) }

  /// One over the square root.
  public func rsqrt() -> Tensor { Unary(tk_unary_rsqrt)(self) }

  /// One over every element.
  public func reciprocal() -> Tensor { Unary(tk_unary_reciprocal)(self) }

  /// The sine of every element.
  ///
  /// - Units: radians.
  public func sin() -> Tensor { Unary(tk_unary_sin)(self) }

  /// The cosine of every element.
  ///
  /// - Units: radians.
  public func cos() -> Tensor { Unary(tk_unary_cos)(self) }

  /// The tangent of every element.
  ///
  /// - Units: radians.
  public func tan() -> Tensor { Unary(tk_unary_tan)(self) }

  /// The angle whose sine is the element: NaN outside of −1 … 1.
  ///
  /// - Units: radians, −π/2 … π/2.
  public func asin() -> Tensor { Unary(tk_unary_asin)(self) }

  /// The angle whose cosine is the element: NaN outside of −1 … 1.
  ///
  /// - Units: radians, 0 … π.
  public func acos() -> Tensor { Unary(tk_unary_acos)(self) }

  /// The angle whose tangent is the element.
  ///
  /// - Units: radians, −π/2 … π/2.
  public func atan() -> Tensor { Unary(tk_unary_atan)(self) }

  /// The hyperbolic tangent of every element.
  public func tanh() -> Tensor { Unary(tk_unary_tanh)(self) }

  /// The error function of every element.
  public func erf() -> Tensor { Unary(tk_unary_erf)(self) }

  /// The largest whole number that is not above.
  ///
  /// - Gradient: 0.
  public func floor() -> Tensor { dtype.isInteger ? self : Unary(tk_unary_floor)(self) }

  /// The smallest whole number that is not below.
  ///
  /// - Gradient: 0.
  public func ceil() -> Tensor { dtype.isInteger ? self : Unary(tk_unary_ceil)(self) }

  /// The nearest whole number, ties to even.
  ///
  /// - Gradient: 0.
  public func round() -> Tensor { dtype.isInteger ? self : Unary(tk_unary_round)(self) }

  /// Every element brought into a range; NaN stays NaN.
  ///
  /// - Gradient: 1 inside and at both ends, 0 outside.
  public func clamped(
    min minimum: Double = -.infinity, max maximum: Double = .infinity
  ) -> Tensor {
    Unary(tk_unary_clamp, minimum, maximum)(self)
  }

  /// Whether every element is NaN; bool.
  public func isNaN() -> Tensor { Unary(tk_unary_isNaN, resultType: .bool)(self) }

  /// Whether every element is neither infinite nor NaN; bool.
  public func isFinite() -> Tensor { Unary(tk_unary_isFinite, resultType: .bool)(self) }

  /// True where an element is zero; bool.
  public func logicalNot() -> Tensor { Unary(tk_unary_logicalNot, resultType: .bool)(self) }
}
