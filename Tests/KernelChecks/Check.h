// What the C checks share. They are plain programs, so that they also run where Swift does not:
//   clang -std=c2x -O2 -ISources/CTrainingKernels/include Tests/KernelChecks/Functions.c
//     Sources/CTrainingKernels/CPU/*.c -lm
// TRAININGKIT_ISA narrows the instruction set level. A program ends with 0 when all holds.
#pragma once

#include "../../Sources/CTrainingKernels/CPU/Elements.h"
#include "TrainingKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition, ...)                                                                      \
  do {                                                                                             \
    if (condition) break;                                                                          \
    if (failures++ < 20) printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), puts("");     \
  } while (0)

static inline int report(const char *what) {
  printf("%s at %s: %s\n", what, tk_isa_name(tk_isa_level()), failures ? "FAILED" : "passed");
  return failures != 0;
}

// xorshift64*
static inline uint64_t random_word(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 2685821657736338717u;
}
static inline double random_between(double lower, double upper) {
  return lower + (upper - lower) * (double)(random_word() >> 11) * 0x1p-53;
}

static inline double element(tk_dtype dtype, const void *data, int64_t i) {
  switch (dtype) {
    case tk_int32: return ((const int32_t *)data)[i];
    case tk_int64: return (double)((const int64_t *)data)[i];
    case tk_uint8:
    case tk_bool: return ((const uint8_t *)data)[i];
    case tk_float32: return ((const float *)data)[i];
    case tk_float64: return ((const double *)data)[i];
    case tk_float16: return tk_half_to_float(((const uint16_t *)data)[i]);
    case tk_bfloat16: return tk_bfloat_to_float(((const uint16_t *)data)[i]);
  }
  return 0;
}
static inline void set_element(tk_dtype dtype, void *data, int64_t i, double x) {
  switch (dtype) {
    case tk_int32: ((int32_t *)data)[i] = (int32_t)x; break;
    case tk_int64: ((int64_t *)data)[i] = (int64_t)x; break;
    case tk_uint8: ((uint8_t *)data)[i] = (uint8_t)(int64_t)x; break;
    case tk_bool: ((uint8_t *)data)[i] = x != 0; break;
    case tk_float32: ((float *)data)[i] = (float)x; break;
    case tk_float64: ((double *)data)[i] = x; break;
    case tk_float16: ((uint16_t *)data)[i] = tk_float_to_half((float)x); break;
    case tk_bfloat16: ((uint16_t *)data)[i] = tk_float_to_bfloat((float)x); break;
  }
}
// Memory for n elements of any dtype, at the start of a line of the cache.
static inline void *elements(int64_t n) {
  return aligned_alloc(64, (size_t)(n * 8 + 63) / 64 * 64);
}
static inline bool is_real(tk_dtype dtype) { return dtype < tk_int32; }

static inline tk_space line(int64_t n) { return (tk_space){.rank = 1, .shape = {n}}; }
static inline tk_operand lined(const void *data, tk_dtype dtype) {
  return (tk_operand){.data = (void *)data, .dtype = dtype, .strides = {1}};
}
