#define SOURCE "Gemm.cu"
#include "Registry.h"
#include "Gemm.cu"

#define LAYOUTS(T, SIDE, LATER)              \
  KERNEL(gemm<T, SIDE, false, false, LATER>) \
  KERNEL(gemm<T, SIDE, false, true, LATER>)  \
  KERNEL(gemm<T, SIDE, true, false, LATER>)  \
  KERNEL(gemm<T, SIDE, true, true, LATER>)

LAYOUTS(float, 128, false)
LAYOUTS(float, 64, false)
LAYOUTS(double, 64, false)
LAYOUTS(float16, 128, true)
LAYOUTS(float16, 64, true)
LAYOUTS(float16, 64, false)
LAYOUTS(bfloat16, 128, true)
LAYOUTS(bfloat16, 64, true)
LAYOUTS(bfloat16, 64, false)
KERNEL(gemm_parts<float, float>)
KERNEL(gemm_parts<double, double>)
KERNEL(gemm_parts<float16, float16>)
KERNEL(gemm_parts<float16, float>)
KERNEL(gemm_parts<bfloat16, bfloat16>)
KERNEL(gemm_parts<bfloat16, float>)
