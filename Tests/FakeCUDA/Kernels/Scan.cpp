#define SOURCE "Scan.cu"
#include "Registry.h"
#include "Scan.cu"

#define SCAN_OF(type, sums)                                                                        \
  KERNEL(pieceSums<type>)                                                                          \
  KERNEL(scan<type, sums>)
SCAN_OF(float, float)
SCAN_OF(double, double)
SCAN_OF(float16, float16)
SCAN_OF(bfloat16, bfloat16)
SCAN_OF(int32_t, int64)
SCAN_OF(int64, int64)
SCAN_OF(uint8, int64)
SCAN_OF(bool, int64)
