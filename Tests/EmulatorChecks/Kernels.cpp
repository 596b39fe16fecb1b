#define SOURCE "Check.cu"
#include "Registry.h"
#include "Check.cu"

KERNEL(doubled<float>)
KERNEL(summed)
KERNEL(racy)
KERNEL(chained)
KERNEL(beyond)
KERNEL(divergent)
KERNEL(deserted)
KERNEL(reversed)
