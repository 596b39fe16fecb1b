// What the rows of activations are made of.
#ifndef SELU_SCALE
// Klambauer et al. 2017, "Self-normalizing neural networks": lambda, and lambda alpha.
#define SELU_SCALE SPLAT(1.0507009873554805)
#define SELU_SLOPE SPLAT(1.7580993408473766)
#define TANHSHRINK(x) NAME(tanhshrink)(x)
#define GELU_TANH_GATE(x) NAME(gelu_tanh_gate)(x)
#define GELU_TANH_SLOPE(x) NAME(gelu_tanh_slope)(x)
#define GELU_TANH_BEND(x) NAME(gelu_tanh_bend)(x)
#define SLOPE_OF_GATED(x, gate, slope) NAME(slope_of_gated)(x, gate, slope)
#define BEND_OF_GATED(x, gate, slope, bend) NAME(bend_of_gated)(x, gate, slope, bend)
#define TANH_SOFTPLUS(x) NAME(tanh_softplus)(x)
#define MISH_SLOPE(x) NAME(mish_slope)(x)
#define MISH_BEND(x) NAME(mish_bend)(x)
#define MISH_END SPLAT(22)
#endif

// (1 + tanh(u)) / 2 = sigmoid(2 u), for the 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3) of GELU and its
// derivatives. Beyond the bound the gate is 0 or 1, and the cube may not overflow.
#define GELU_LINEAR 1.5957691216057308
#define GELU_CUBIC 0.07135481627260025
// What a constant lost when it was rounded to REAL.
#define LOST_OF_LINEAR SPLAT(GELU_LINEAR - (REAL)GELU_LINEAR - 9.96930880911092e-17)
#define LOST_OF_CUBIC SPLAT(GELU_CUBIC - (REAL)GELU_CUBIC - 6.175149918155315e-19)
INLINE V NAME(gelu_tanh_gate)(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  // The exponential turns a rounding of a large exponent into many of its own: all of them are
  // summed up and made good.
  V square = x * x, cubic = SPLAT(GELU_CUBIC) * square, factor = SPLAT(GELU_LINEAR) + cubic;
  V exponent = x * factor, added = factor - SPLAT(GELU_LINEAR);
  V lost = FMA(SPLAT(GELU_CUBIC), NAME(product_error)(x, x, square),
    NAME(product_error)(SPLAT(GELU_CUBIC), square, cubic));
  lost = FMA(square, LOST_OF_CUBIC, lost) + (cubic - added) +
    (SPLAT(GELU_LINEAR) - (factor - added));
  lost = NAME(product_error)(x, factor, exponent) + x * (lost + LOST_OF_LINEAR);
  V e = EXP(-ABS(exponent));
  e = FMA(e, SELECT(LT(x, ZERO), lost, -lost), e);
  return SELECT(LT(x, ZERO), e, ONE) / (ONE + e);
}
INLINE V NAME(gelu_tanh_slope)(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  return FMA(x * x, SPLAT(3 * GELU_CUBIC), SPLAT(GELU_LINEAR));
}
INLINE V NAME(gelu_tanh_bend)(V x) {
  return CLAMP(x, SPLAT(-100), SPLAT(100)) * SPLAT(6 * GELU_CUBIC);
}
// First and second derivative of x sigmoid(v(x)), given the sigmoid, v' and v''.
INLINE V NAME(slope_of_gated)(V x, V gate, V slope) {
  return gate + x * (gate * (ONE - gate)) * slope;
}
INLINE V NAME(bend_of_gated)(V x, V gate, V slope, V bend) {
  V change = gate * (ONE - gate);
  return change * (slope + slope) + x * change * ((ONE - gate - gate) * slope * slope + bend);
}

// With e = exp(x), tanh(log(1 + e)) = n / (n + 2) for n = e (e + 2). Beyond the bound it is 1.
INLINE V NAME(mish_term)(V x) {
  V e = EXP(SELECT(GT(x, MISH_END), MISH_END, x));
  return e * (e + SPLAT(2));
}
INLINE V NAME(tanh_softplus)(V x) {
  V n = NAME(mish_term)(x);
  return n / (n + SPLAT(2));
}
// 1 - tanh(log(1 + e))^2
INLINE V NAME(mish_change)(V x) {
  V n = NAME(mish_term)(x);
  return SELECT(GT(x, MISH_END), ZERO, SPLAT(4) * (n + ONE) / SQUARE(n + SPLAT(2)));
}
INLINE V NAME(mish_slope)(V x) {
  return TANH_SOFTPLUS(x) + x * SIGMOID(x) * NAME(mish_change)(x);
}
INLINE V NAME(mish_bend)(V x) {
  V s = SIGMOID(x), change = NAME(mish_change)(x) * s;
  return change * (SPLAT(2) + x * (ONE - s - (s + s) * TANH_SOFTPLUS(x)));
}

// x - tanh(x), by the series of tanh where x is small.
INLINE V NAME(tanhshrink)(V x) {
  V a = CLAMP(ABS(x), ZERO, SPLAT(0.625)), z = a * a;
  return SELECT(LT(ABS(x), SPLAT(0.625)), ZERO - x * z * HORNER(z, tanh_terms), x - TANH(x));
}
