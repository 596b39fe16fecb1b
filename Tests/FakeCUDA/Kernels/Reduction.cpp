#define SOURCE "Reduction.cu"
#include "Registry.h"
#include "Reduction.cu"

#define FOLDS_OF(row, type, wide)                                                                  \
  KERNEL(foldRows<row, type, 1>)                                                                   \
  KERNEL(foldRows<row, type, wide>)                                                                \
  KERNEL(foldColumns<row, type, 1>)                                                                \
  KERNEL(foldColumns<row, type, wide>)
#define FINDS_OF(row, type, wide)                                                                  \
  KERNEL(foldRows<row, type, 1>)                                                                   \
  KERNEL(foldRows<row, type, wide>)                                                                \
  KERNEL(foldColumns<row, type, 1>)                                                                \
  KERNEL(joinFound<row, type>)
#define FOR_EACH_DTYPE(OF, row)                                                                    \
  OF(row, float, 4)                                                                                \
  OF(row, double, 2)                                                                               \
  OF(row, float16, 8)                                                                              \
  OF(row, bfloat16, 8)                                                                             \
  OF(row, int32_t, 4)                                                                              \
  OF(row, int64, 2)                                                                                \
  OF(row, uint8, 16)                                                                               \
  OF(row, bool, 16)

FOR_EACH_DTYPE(FINDS_OF, reduction_argmax)
FOR_EACH_DTYPE(FINDS_OF, reduction_argmin)
#define REDUCTION(name, ...) FOR_EACH_DTYPE(FOLDS_OF, reduction_##name)
#include "Tables/Reduction.h"
