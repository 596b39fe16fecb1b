// float32 to halves without losing small steps. Whoever includes it has the conversions of Half.h, by their names.
#pragma once

// Up with the probability that makes the mean exact: `random` is one of 2^16 equally likely
// numbers. What is not finite, or would not be any more, is rounded to the nearest.

static inline uint16_t tk_float_to_bfloat_by(float x, uint32_t random) {
  uint32_t bits = tk_float_bits(x), rounded = ((bits & 0x7fffffff) + random) >> 16;
  uint32_t sign = (bits >> 16) & 0x8000;
  return (uint16_t)(rounded < 0x7f80 ? sign | rounded : tk_float_to_bfloat(x));
}

static inline uint16_t tk_float_to_half_by(float x, uint32_t random) {
  uint32_t bits = tk_float_bits(x), magnitude = bits & 0x7fffffff;
  uint32_t normal = (magnitude - 0x38000000 + (random >> 3)) >> 13;
  // Subnormal halves are multiples of 2^-24.
  float multiple = magnitude < 0x38800000 ? tk_float_from_bits(magnitude) * 0x1p24f : 0;
  int32_t whole = (int32_t)multiple;
  bool up = multiple - (float)whole > ((float)(int32_t)random + 0.5f) * 0x1p-16f;
  uint32_t rounded = magnitude < 0x38800000 ? (uint32_t)(whole + up) : normal;
  uint32_t sign = (bits >> 16) & 0x8000;
  return (uint16_t)(rounded < 0x7c00 ? sign | rounded : tk_float_to_half(x));
}

// A bfloat16, ties away from zero, and the 16 low bits of the float: the distance in units of
// 2^-16 of the last place. Together they are the float.
static inline uint16_t tk_float_to_bfloat_and_rest(float x, int16_t *rest) {
  uint32_t bits = tk_float_bits(x), rounded = ((bits & 0x7fffffff) + 0x8000) >> 16;
  bool is_finite = rounded < 0x7f80;
  *rest = is_finite ? (int16_t)(bits & 0xffff) : 0;
  return (uint16_t)(is_finite ? ((bits >> 16) & 0x8000) | rounded : tk_float_to_bfloat(x));
}
// A rest that would lead across zero, or away from infinity, is that of another weight.
static inline float tk_bfloat_with_rest(float x, int16_t rest) {
  uint32_t bits = tk_float_bits(x), magnitude = bits & 0x7fffffff;
  bool counts = magnitude < 0x7f800000 && (int32_t)magnitude + rest >= 0;
  return tk_float_from_bits(bits + (counts ? (uint32_t)(int32_t)rest : 0));
}

// A half and the distance in units of 2^-16 of the last place, which is an eighth of the float's
// where halves are normal: together they are the float, but for digits below 2^-40.
static inline uint16_t tk_float_to_half_and_rest(float x, int16_t *rest) {
  uint16_t half = tk_float_to_half(x);
  float from = tk_half_to_float(half & 0x7fff);
  float to = tk_float_from_bits(tk_float_bits(x) & 0x7fffffff);
  bool is_finite = (half & 0x7fff) < 0x7c00;
  int32_t places = (int32_t)(tk_float_bits(to) - tk_float_bits(from)) * 8;
  int32_t distance = is_finite && from <= 0x1p-14f ? (int32_t)((to - from) * 0x1p40f) : places;
  distance = distance > 0x7fff ? 0x7fff : distance;
  *rest = is_finite ? (int16_t)distance : 0;
  return half;
}
static inline float tk_half_with_rest(float x, int16_t rest) {
  uint32_t bits = tk_float_bits(x), sign = bits & 0x80000000;
  float size = tk_float_from_bits(bits & 0x7fffffff);
  float small = size + (float)rest * 0x1p-40f;
  float normal = tk_float_from_bits((bits & 0x7fffffff) + (uint32_t)((rest + 4) >> 3));
  float moved = size <= 0x1p-14f ? (small > 0 ? small : size) : normal;
  return tk_float_from_bits(sign | tk_float_bits(tk_float_bits(size) < 0x7f800000 ? moved : size));
}
