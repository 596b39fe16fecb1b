#define SOURCE "Random.cu"
#include "Registry.h"
#include "Random.cu"

#define REALS_OF(type)                                                                             \
  KERNEL(uniform<type>)                                                                            \
  KERNEL(normal<type>)                                                                             \
  KERNEL(dropout<type>)                                                                            \
  KERNEL(bernoulli<type>)
REALS_OF(float)
REALS_OF(double)
REALS_OF(float16)
REALS_OF(bfloat16)
KERNEL(integer<int64>)
KERNEL(bernoulli<int32_t>)
KERNEL(bernoulli<int64>)
KERNEL(bernoulli<uint8>)
KERNEL(bernoulli<bool>)
