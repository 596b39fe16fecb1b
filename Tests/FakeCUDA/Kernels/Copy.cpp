#define SOURCE "Copy.cu"
#include "Registry.h"

// Names of one file may be those of others.
namespace {
#include "Copy.cu"

KERNEL(copy<uint8>)
KERNEL(copy<float16>)
KERNEL(copy<int32_t>)
KERNEL(copy<int64>)

KERNEL(transpose<uint8, 64>)
KERNEL(transpose<float16, 64>)
KERNEL(transpose<int32_t, 32>)
KERNEL(transpose<int64, 32>)

KERNEL(convert<float, float16>)
KERNEL(convert<float, bfloat16>)
KERNEL(convert<float16, float>)
KERNEL(convert<float16, bfloat16>)
KERNEL(convert<bfloat16, float>)
KERNEL(convert<bfloat16, float16>)
KERNEL(convert_mixed<float>)
KERNEL(convert_mixed<double>)
KERNEL(convert_mixed<int64>)

#define OF_EACH_DTYPE(T) KERNEL(fill<T>) KERNEL(range<T>)
OF_EACH_DTYPE(float)
OF_EACH_DTYPE(double)
OF_EACH_DTYPE(float16)
OF_EACH_DTYPE(bfloat16)
OF_EACH_DTYPE(int32_t)
OF_EACH_DTYPE(int64)
OF_EACH_DTYPE(uint8)
OF_EACH_DTYPE(bool)
}  // namespace
