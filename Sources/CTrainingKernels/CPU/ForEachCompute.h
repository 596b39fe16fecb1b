// Includes BODY once per compute type: REAL is the element type, INT and UINT the integers of its
// size, REAL_DTYPE its tk_dtype. IS_REAL and COMPUTE_BITS are for #if. float64 comes first, so that
// the float32 instance of a body may use it.
#ifndef BODY_WITHOUT_REALS
#define REAL double
#define INT int64_t
#define UINT uint64_t
#define SUFFIX f64
#define REAL_DTYPE tk_float64
#define IS_REAL 1
#define COMPUTE_BITS 64
#include "ComputeInstance.h"

#define REAL float
#define INT int32_t
#define UINT uint32_t
#define SUFFIX f32
#define REAL_DTYPE tk_float32
#define IS_REAL 1
#define COMPUTE_BITS 32
#include "ComputeInstance.h"
#endif

#ifdef BODY_WITH_INTEGERS
#define REAL int64_t
#define INT int64_t
#define UINT uint64_t
#define SUFFIX i64
#define REAL_DTYPE tk_int64
#define IS_REAL 0
#define COMPUTE_BITS 64
#include "ComputeInstance.h"
#endif
