// The SIMD vocabulary of one instance: V is LANES elements of REAL, M a mask of the same shape (all
// bits set is true). Bodies and tables use these words and the operators + - * / on V, nothing
// else.
#ifndef LOAD
#define V NAME(lanes)
#define M NAME(mask)
#define LANES ((int64_t)(LANE_BYTES / sizeof(REAL)))
#define INLINE static inline __attribute__((always_inline))

#define LOAD(p) NAME(load)(p)
#define STORE(p, v) NAME(store)(p, v)
#define PUT(p, v, far) NAME(put_lanes)(p, v, far)
#define LOAD_TAIL(p, count, fill) NAME(load_tail)(p, count, fill)
#define STORE_TAIL(p, v, count) NAME(store_tail)(p, v, count)
#define SPLAT(x) NAME(splat)((REAL)(x))
#define ZERO SPLAT(0)
#define ONE SPLAT(1)
#define SELECT(mask, a, b) NAME(choose)(mask, a, b)
#define LT(a, b) ((M)((a) < (b)))
#define LE(a, b) ((M)((a) <= (b)))
#define GT(a, b) ((M)((a) > (b)))
#define GE(a, b) ((M)((a) >= (b)))
#define EQ(a, b) ((M)((a) == (b)))
#define NE(a, b) ((M)((a) != (b)))
// The bits of lanes as integers, and back.
#define BITS(v) ((M)(v))
#define FROM_BITS(m) ((V)(m))
// FMA rounds once where the machine can, twice elsewhere; the levels may differ in the last bit.
#define FMA(a, b, c) NAME(multiply_add)(a, b, c)
#define SQRT(v) __builtin_elementwise_sqrt(v)
#define ABS(v) __builtin_elementwise_abs(v)
#endif

typedef REAL V __attribute__((vector_size(LANE_BYTES)));
typedef INT M __attribute__((vector_size(LANE_BYTES)));
typedef UINT NAME(words) __attribute__((vector_size(LANE_BYTES)));

INLINE V NAME(load)(const REAL *p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INLINE void NAME(store)(REAL *p, V v) { __builtin_memcpy(p, &v, sizeof v); }
// A store that goes past the caches where `far`.
INLINE void NAME(put_lanes)(REAL *p, V v, bool far) {
  // Asked anew each time, for the compiler would make two loops of one, and there are many.
  __asm__("" : "+r"(far));
  if (far) __builtin_nontemporal_store(v, (V *)p);
  else NAME(store)(p, v);
}
// A partial load reads `count` elements and fills the rest with `fill`; a partial store writes
// `count`.
INLINE V NAME(load_tail)(const REAL *p, int64_t count, REAL fill) {
  REAL buffer[LANE_BYTES / sizeof(REAL)];
  for (int64_t i = 0; i < LANES; i++) buffer[i] = i < count ? p[i] : fill;
  return NAME(load)(buffer);
}
INLINE void NAME(store_tail)(REAL *p, V v, int64_t count) {
  REAL buffer[LANE_BYTES / sizeof(REAL)];
  NAME(store)(buffer, v);
  for (int64_t i = 0; i < count; i++) p[i] = buffer[i];
}
// `0 + v` would cost an add that the compiler may not drop; a splat by elements does not.
INLINE V NAME(splat)(REAL x) {
  V v;
  for (int64_t i = 0; i < LANES; i++) v[i] = x;
  return v;
}
INLINE V NAME(choose)(M mask, V a, V b) { return (V)(((M)a & mask) | ((M)b & ~mask)); }
INLINE V NAME(multiply_add)(V a, V b, V c) {
#if IS_REAL && HAS_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}
