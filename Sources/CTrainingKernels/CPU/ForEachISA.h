// Compiles BODY (a header's name) once per instruction set and per compute type: the two reals, and
// int64 where BODY_WITH_INTEGERS is defined. Inside, Lanes.h supplies the vocabulary and NAME(x) is
// x with the instance's suffix, such as x_avx2_f32. After it, TK_PICK(x, suffix) is the instance
// for the level in use, and TK_CALL(x, compute, ...) calls that of a tk_compute.
#ifndef TK_FOR_EACH_ISA
#define TK_FOR_EACH_ISA
#define TK_PASTE3_(a, b, c) a##_##b##_##c
#define TK_PASTE3(a, b, c) TK_PASTE3_(a, b, c)
#define NAME(x) TK_PASTE3(x, ISA, SUFFIX)
#if defined(__x86_64__)
#define TK_PICK(x, suffix)                                                                         \
  (tk_isa_level() >= tk_isa_avx512 ? x##_avx512_##suffix                                           \
   : tk_isa_level() == tk_isa_avx2 ? x##_avx2_##suffix                                             \
                                   : x##_baseline_##suffix)
#else
#define TK_PICK(x, suffix) x##_baseline_##suffix
#endif
#define TK_CALL(x, compute, ...)                                                                   \
  ((compute) == tk_real32   ? TK_PICK(x, f32)(__VA_ARGS__)                                         \
   : (compute) == tk_real64 ? TK_PICK(x, f64)(__VA_ARGS__)                                         \
                            : TK_PICK(x, i64)(__VA_ARGS__))
#endif

// Baseline: SSE2 on x86-64, NEON on arm64, whatever vectors of 16 bytes become elsewhere.
#define ISA baseline
#define ISA_LEVEL 0
#define LANE_BYTES 16
#if defined(__aarch64__)
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif
#include "ForEachCompute.h"
#undef ISA
#undef ISA_LEVEL
#undef LANE_BYTES
#undef HAS_FMA

#if defined(__x86_64__)
#define HAS_FMA 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define ISA avx2
#define ISA_LEVEL 1
#define LANE_BYTES 32
#include "ForEachCompute.h"
#undef ISA
#undef ISA_LEVEL
#undef LANE_BYTES
#pragma clang attribute pop

#pragma clang attribute push(                                                                      \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,bmi2"),                  \
                 min_vector_width(512))), apply_to = function)
#define ISA avx512
#define ISA_LEVEL 2
#define LANE_BYTES 64
#include "ForEachCompute.h"
#undef ISA
#undef ISA_LEVEL
#undef LANE_BYTES
#pragma clang attribute pop
#undef HAS_FMA
#endif

#undef BODY
