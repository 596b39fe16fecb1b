// From words to uniform and normal numbers. FUSED rounds once at every instruction set level, fast
// or not: streams are the same bits on every machine, and PyTorch's where a Mersenne Twister feeds
// them.
#pragma clang fp contract(off)
#ifndef FUSED
#define FUSED(a, b, c) NAME(fused)(a, b, c)
#endif

INLINE REAL NAME(fused)(REAL a, REAL b, REAL c) {
#if COMPUTE_BITS == 32
  return __builtin_fmaf(a, b, c);
#else
  return __builtin_fma(a, b, c);
#endif
}
// lower + (upper - lower) u. What is rounded up to the upper bound, which is no part of the range,
// becomes the lower.
INLINE REAL NAME(between)(REAL u, REAL lower, REAL upper) {
  REAL x = FUSED(u, upper - lower, lower);
  return x == upper ? lower : x;
}

#if COMPUTE_BITS == 32
// A word's low 24 bits an element.
static void NAME(uniform)(const uint32_t *words, float lower, float upper, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    y[i] = NAME(between)((float)(int32_t)(words[i] & 0xffffff) * 0x1p-24f, lower, upper);
}

// Logarithm, sine and cosine after Cephes (Moshier 1989), for x > 0. Scalars, which the loop over
// them turns into vectors.
INLINE float NAME(cephes_log)(float x) {
  uint32_t bits = tk_float_bits(x);
  float m = tk_float_from_bits((bits & 0x007fffff) | 0x3f000000);
  bool low = m < 0.707106781186547524f;
  float e = (float)((int32_t)(bits >> 23) - (low ? 127 : 126));
  m = low ? (m - 1.0f) + m : m - 1.0f;
  float y = 7.0376836292e-2f, z = m * m;
  y = FUSED(y, m, -1.1514610310e-1f);
  y = FUSED(y, m, 1.1676998740e-1f);
  y = FUSED(y, m, -1.2420140846e-1f);
  y = FUSED(y, m, 1.4249322787e-1f);
  y = FUSED(y, m, -1.6668057665e-1f);
  y = FUSED(y, m, 2.0000714765e-1f);
  y = FUSED(y, m, -2.4999993993e-1f);
  y = FUSED(y, m, 3.3333331174e-1f);
  y = FUSED(y * m, z, e * -2.12194440e-4f) - z * 0.5f;
  return FUSED(e, 0.693359375f, m + y);
}
INLINE void NAME(cephes_sincos)(float x, float *sine, float *cosine) {
  int32_t octant = ((int32_t)(x * 1.27323954473516f) + 1) & ~1;
  float y = (float)octant;
  x = FUSED(y, -0.78515625f, x);
  x = FUSED(y, -2.4187564849853515625e-4f, x);
  x = FUSED(y, -3.77489497744594108e-8f, x);
  float z = x * x;
  float even = FUSED(z, 2.443315711809948e-5f, -1.388731625493765e-3f);
  even = FUSED(even, z, 4.166664568298827e-2f);
  even = FUSED(even * z, z, z * -0.5f) + 1.0f;
  float odd = FUSED(z, -1.9515295891e-4f, 8.3321608736e-3f);
  odd = FUSED(odd, z, -1.6666654611e-1f);
  odd = FUSED(odd * z, x, x);
  uint32_t s = tk_float_bits(octant & 2 ? even : odd), c = tk_float_bits(octant & 2 ? odd : even);
  *sine = tk_float_from_bits(s ^ (uint32_t)(octant & 4) << 29);
  *cosine = tk_float_from_bits(c ^ (uint32_t)((octant + 2) & 4) << 29);
}
// By Box and Muller (1958), from u in (0, 1] and v in [0, 1).
INLINE void NAME(box_muller)(float u, float v, float *cosine, float *sine) {
  float s, c, radius = __builtin_sqrtf(-2 * NAME(cephes_log)(u));
  NAME(cephes_sincos)(6.28318530717958648f * v, &s, &c);
  *cosine = radius * c;
  *sine = radius * s;
}
#else
// Two words an element, the first above the second: 53 bits.
static void NAME(uniform)(const uint32_t *words, double lower, double upper, double *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    uint64_t word = (uint64_t)words[2 * i] << 32 | words[2 * i + 1];
    double u = (double)(int64_t)(word & 0x1fffffffffffff) * 0x1p-53;
    y[i] = NAME(between)(u, lower, upper);
  }
}
// The C library's functions, as in PyTorch.
INLINE void NAME(box_muller)(double u, double v, double *cosine, double *sine) {
  double radius = __builtin_sqrt(-2 * __builtin_log(u)), angle = 6.28318530717958648 * v;
  *cosine = radius * __builtin_cos(angle);
  *sine = radius * __builtin_sin(angle);
}
#endif
