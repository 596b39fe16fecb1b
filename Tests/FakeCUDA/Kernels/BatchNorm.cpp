#define SOURCE "BatchNorm.cu"
#include "Registry.h"
// The words of one text may mean something else in another.
namespace {
#include "BatchNorm.cu"
}

#define BOTH(name, type) KERNEL(name<type, false>) KERNEL(name<type, true>)
#define BATCH_NORM(type)                                                              \
  BOTH(batchNormMoments, type) BOTH(batchNorm, type)                                  \
  BOTH(batchNormSlopes, type) BOTH(batchNormBackward, type)                           \
  KERNEL(batchNormColumnMoments<type>) KERNEL(batchNormOfColumns<type>)               \
  KERNEL(batchNormColumnSlopes<type>) KERNEL(batchNormBackwardOfColumns<type>)

BATCH_NORM(float)
BATCH_NORM(double)
BATCH_NORM(float16)
BATCH_NORM(bfloat16)
KERNEL(batchNormStatistics<float>)
KERNEL(batchNormStatistics<double>)
KERNEL(batchNormSlopeSums<float>)
KERNEL(batchNormSlopeSums<double>)
