#define SOURCE "Window.cu"
#include "Registry.h"
#include "Window.cu"

KERNEL(unfold<uint8>)
KERNEL(unfold<float16>)
KERNEL(unfold<int32_t>)
KERNEL(unfold<int64>)

KERNEL(fold<float>)
KERNEL(fold<double>)
KERNEL(fold<float16>)
KERNEL(fold<bfloat16>)
KERNEL(fold<int32_t>)
KERNEL(fold<int64>)
KERNEL(fold<uint8>)
KERNEL(fold<bool>)
