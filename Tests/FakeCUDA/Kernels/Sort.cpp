#define SOURCE "Sort.cu"
#include "Registry.h"
#include "Sort.cu"

#define SORTS_OF(type)                                                                             \
  KERNEL(sortTiles<type>)                                                                          \
  KERNEL(sortNarrow<type>)
SORTS_OF(float)
SORTS_OF(double)
SORTS_OF(float16)
SORTS_OF(bfloat16)
SORTS_OF(int32_t)
SORTS_OF(int64)
SORTS_OF(uint8)
SORTS_OF(bool)
KERNEL(mergeRuns<int32_t>)
KERNEL(mergeRuns<int64>)
