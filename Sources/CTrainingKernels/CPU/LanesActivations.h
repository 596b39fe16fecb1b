// What the rows of activations are made of.
#ifndef SELU_SCALE
// Klambauer et al. 2017, "Self-normalizing neural networks": lambda, and lambda alpha.
#define SELU_SCALE SPLAT(1.0507009873554805)
#define SELU_SLOPE SPLAT(1.7580993408473766)
#define GELU_TANH(x) NAME(gelu_tanh)(x)
#define GELU_TANH_SLOPE(x) NAME(gelu_tanh_slope)(x)
#define GELU_TANH_BEND(x) NAME(gelu_tanh_bend)(x)
#define SLOPE_OF_GATED(x, gate, slope) NAME(slope_of_gated)(x, gate, slope)
#define BEND_OF_GATED(x, gate, slope, bend) NAME(bend_of_gated)(x, gate, slope, bend)
#define TANH_SOFTPLUS(x) NAME(tanh_softplus)(x)
#define MISH_SLOPE(x) NAME(mish_slope)(x)
#define MISH_BEND(x) NAME(mish_bend)(x)
#define MISH_END SPLAT(22)
#endif

// (1 + tanh(u)) / 2 = sigmoid(2 u): GELU_TANH is that 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3), with
// its derivatives. Beyond the bound the gate is 0 or 1, and the cube may not overflow.
INLINE V NAME(gelu_tanh)(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  return x * FMA(x * x, SPLAT(0.071354816272600244), SPLAT(1.5957691216057308));
}
INLINE V NAME(gelu_tanh_slope)(V x) {
  x = CLAMP(x, SPLAT(-100), SPLAT(100));
  return FMA(x * x, SPLAT(0.21406444881780073), SPLAT(1.5957691216057308));
}
INLINE V NAME(gelu_tanh_bend)(V x) {
  return CLAMP(x, SPLAT(-100), SPLAT(100)) * SPLAT(0.42812889763560146);
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
