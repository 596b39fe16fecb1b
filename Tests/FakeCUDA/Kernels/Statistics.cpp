#define SOURCE "Statistics.cu"
#include "Registry.h"
#include "Statistics.cu"

#define MEASURES_OF(type)                                                                          \
  KERNEL(measure<type, 0>)                                                                         \
  KERNEL(measure<type, 1>)                                                                         \
  KERNEL(measure<type, 2>)                                                                         \
  KERNEL(measure<type, 3>)                                                                         \
  KERNEL(measureEach<type>)
MEASURES_OF(float)
MEASURES_OF(double)
MEASURES_OF(float16)
MEASURES_OF(bfloat16)
KERNEL(joinStatistics)
KERNEL(joinEach)
