#define SOURCE "Gather.cu"
#include "Registry.h"
#include "Gather.cu"

KERNEL(gather<uint8, 1>)
KERNEL(gather<float16, 1>)
KERNEL(gather<int32_t, 1>)
KERNEL(gather<int64, 1>)
KERNEL(gather<int64, 2>)
KERNEL(checkIndices)

#define SCATTERS_OF(type, wide)                                                                    \
  KERNEL(scatterColumns<type>)                                                                     \
  KERNEL(scatterWarps<type>)                                                                       \
  KERNEL(scatterPieces<type, 1>)                                                                   \
  KERNEL(scatterPieces<type, wide>)                                                                \
  KERNEL(joinPieces<type>)
SCATTERS_OF(float, 4)
SCATTERS_OF(double, 2)
SCATTERS_OF(float16, 8)
SCATTERS_OF(bfloat16, 8)
SCATTERS_OF(int32_t, 4)
SCATTERS_OF(int64, 2)
SCATTERS_OF(uint8, 16)
SCATTERS_OF(bool, 16)
