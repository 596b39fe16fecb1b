#define SOURCE "Attention.cu"
#include "Registry.h"
#include "Attention.cu"

#define PASSES(T, WIDTH)     \
  KERNEL(attend<T, WIDTH, 0>) \
  KERNEL(attend<T, WIDTH, 2>) \
  KERNEL(attend<T, WIDTH, 3>) \
  KERNEL(attend<T, WIDTH, 4>)

PASSES(float, 64)
PASSES(float, 128)
PASSES(double, 64)
PASSES(float16, 64)
PASSES(bfloat16, 64)
KERNEL(attend<float, 64, 1>)
KERNEL(attend<double, 64, 1>)
KERNEL(attend<float16, 64, 1>)
KERNEL(attend<bfloat16, 64, 1>)
