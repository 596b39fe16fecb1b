// float16 and bfloat16 as bits, to and from float32: to the nearest, ties to even; NaN stays NaN
// and becomes quiet. Plain selects, so that loops of them vectorize at every instruction set level.
#pragma once

#include <stdint.h>

static inline float tk_float_from_bits(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
static inline uint32_t tk_float_bits(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float tk_half_to_float(uint16_t half) {
  uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, sign = (uint32_t)(half & 0x8000) << 16;
  // The product moves the exponent's bias and makes subnormals normal.
  uint32_t finite = tk_float_bits(tk_float_from_bits(magnitude) * 0x1p112f);
  uint32_t quiet = magnitude > 0x0f800000 ? 0x00400000 : 0;
  uint32_t special = magnitude | 0x7f800000 | quiet;
  return tk_float_from_bits(sign | (magnitude >= 0x0f800000 ? special : finite));
}

static inline uint16_t tk_float_to_half(float x) {
  uint32_t bits = tk_float_bits(x), magnitude = bits & 0x7fffffff;
  uint32_t rounded = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // Beside 0.5 a float's last place is that of a subnormal half, so that the sum rounds.
  uint32_t subnormal = tk_float_bits(tk_float_from_bits(magnitude) + 0.5f) - 0x3f000000;
  uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  uint32_t large = magnitude > 0x7f800000 ? nan : 0x7c00;
  uint32_t small = magnitude < 0x38800000 ? subnormal : rounded;
  return (uint16_t)(((bits >> 16) & 0x8000) | (magnitude >= 0x47800000 ? large : small));
}

static inline float tk_bfloat_to_float(uint16_t bfloat) {
  uint32_t bits = (uint32_t)bfloat << 16;
  return tk_float_from_bits(bits | ((bits & 0x7fffffff) > 0x7f800000 ? 0x00400000 : 0));
}

static inline uint16_t tk_float_to_bfloat(float x) {
  uint32_t bits = tk_float_bits(x);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}
