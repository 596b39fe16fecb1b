#define SOURCE "Norms.cu"
#include "Registry.h"
// The words of one text may mean something else in another.
namespace {
#include "Norms.cu"
}

// X(rows or gradient, values, result, packs of a warp's row, of a block's)
#define EACH_TRIPLE(X)                                                              \
  X(float, float, float, 8, 4) X(double, double, double, 8, 4)                      \
  X(float16, float16, float16, 4, 2) X(bfloat16, bfloat16, bfloat16, 4, 2)
// What is scaled under autocast: values are halves, their result is float32.
#define EACH_MIXED(X, half)                                                         \
  X(float, half, float, 8, 4) X(float16, half, float, 8, 4) X(bfloat16, half, float, 8, 4)
#define EACH_MIXED_BACKWARD(X, half)                                                \
  X(float, half, float, 8, 4) X(float, half, float16, 8, 4) X(float, half, bfloat16, 8, 4)

#define BOTH(name, ...)          \
  KERNEL(name<__VA_ARGS__, false>) \
  KERNEL(name<__VA_ARGS__, true>)
#define ROWS(name, x, v, y, warp, block)                                            \
  BOTH(name, x, v, y, 8, 1) BOTH(name, x, v, y, 32, 2) BOTH(name, x, v, y, 32, warp) \
  BOTH(name, x, v, y, 0, block) BOTH(name, x, v, y, 0, 0)
#define STANDARDIZE(...) ROWS(standardize, __VA_ARGS__)
#define BACKWARD(g, v, x, warp, block)                                              \
  ROWS(standardizeBackward, g, v, x, warp, block)                                   \
  BOTH(standardizeBackwardWithSums, g, v, x, 8, 1)                                  \
  BOTH(standardizeBackwardWithSums, g, v, x, 32, 2)                                 \
  BOTH(standardizeBackwardWithSums, g, v, x, 0, 2)
#define DISTANCES(type, v, y, warp, block) \
  BOTH(squareDistances, type, 32)          \
  BOTH(squareDistances, type, 0)           \
  KERNEL(standardizeSums<type, type>)

EACH_TRIPLE(STANDARDIZE)
EACH_MIXED(STANDARDIZE, float16)
EACH_MIXED(STANDARDIZE, bfloat16)
EACH_TRIPLE(BACKWARD)
EACH_MIXED_BACKWARD(BACKWARD, float16)
EACH_MIXED_BACKWARD(BACKWARD, bfloat16)
EACH_TRIPLE(DISTANCES)
KERNEL(standardizeSums<float, float16>)
KERNEL(standardizeSums<float, bfloat16>)
KERNEL(joinSlices<float>)
KERNEL(joinSlices<double>)
