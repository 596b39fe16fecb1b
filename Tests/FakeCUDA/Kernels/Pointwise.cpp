#define SOURCE "Pointwise.cu"
#include "Registry.h"

// Names of one file may be those of others.
namespace {
#include "Pointwise.cu"

#define REALS(kernel, ...)         \
  KERNEL(kernel<__VA_ARGS__, float>)    \
  KERNEL(kernel<__VA_ARGS__, double>)   \
  KERNEL(kernel<__VA_ARGS__, float16>)  \
  KERNEL(kernel<__VA_ARGS__, bfloat16>)
#define MIXED_REALS(kernel, ...) KERNEL(kernel<__VA_ARGS__, float>) KERNEL(kernel<__VA_ARGS__, double>)

#define UNARY_REAL(name, ...)                      \
  REALS(unary, unary_##name)                            \
  MIXED_REALS(unary_mixed, unary_##name)                \
  REALS(unary_derivative, unary_##name, 1)              \
  MIXED_REALS(unary_derivative_mixed, unary_##name, 1)  \
  REALS(unary_derivative, unary_##name, 2)              \
  MIXED_REALS(unary_derivative_mixed, unary_##name, 2)
#define UNARY_ANY(name, ...)  \
  UNARY_REAL(name)                 \
  KERNEL(unary_mixed<unary_##name, int64>)
#include "Tables/Unary.h"

#define BINARY_REAL(name, ...)  \
  REALS(binary, binary_##name)       \
  MIXED_REALS(binary_mixed, binary_##name)
#define BINARY_ANY(name, ...)  \
  BINARY_REAL(name)                 \
  KERNEL(binary_mixed<binary_##name, int64>)
#define COMPARISON(name, ...)                 \
  REALS(compare, binary_##name)                    \
  MIXED_REALS(binary_mixed, binary_##name)         \
  KERNEL(binary_mixed<binary_##name, int64>)
#include "Tables/Binary.h"

KERNEL(select<float>)
KERNEL(select<double>)
KERNEL(select<float16>)
KERNEL(select<bfloat16>)
KERNEL(select_mixed<float>)
KERNEL(select_mixed<double>)
KERNEL(select_mixed<int64>)
}  // namespace
