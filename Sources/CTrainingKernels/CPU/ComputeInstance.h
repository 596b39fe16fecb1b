// One instance of BODY for the compute type that ForEachCompute.h has defined.
#include "Lanes.h"
#include BODY
#undef REAL
#undef INT
#undef UINT
#undef SUFFIX
#undef REAL_DTYPE
#undef IS_REAL
#undef COMPUTE_BITS
