#define SOURCE "Convolution.cu"
#include "Registry.h"
#include "Convolution.cu"

#define DTYPE(T)                     \
  KERNEL(order_weight<T>)            \
  KERNEL(convolve<T, 64>)            \
  KERNEL(convolve_weight<T, 64>)     \
  KERNEL(convolve_parts<T>)

DTYPE(float)
DTYPE(double)
DTYPE(float16)
DTYPE(bfloat16)
KERNEL(convolve<float, 128>)
KERNEL(convolve<float16, 128>)
KERNEL(convolve<bfloat16, 128>)
KERNEL(convolve_weight<float, 128>)
KERNEL(convolve_weight<float16, 128>)
KERNEL(convolve_weight<bfloat16, 128>)
