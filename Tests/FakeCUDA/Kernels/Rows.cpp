#define SOURCE "Rows.cu"
#include "Registry.h"
// The words of one text may mean something else in another.
namespace {
#include "Rows.cu"
}

// X(type, packs of a warp's row, of a block's)
#define EACH_TYPE(X) X(float, 8, 4) X(double, 8, 4) X(float16, 4, 2) X(bfloat16, 4, 2)
#define HELD(name, type, lanes, packs)     \
  KERNEL(name<type, lanes, packs, false>)  \
  KERNEL(name<type, lanes, packs, true>)
#define ROWS(name, type, warp, block)                                    \
  HELD(name, type, 8, 1) HELD(name, type, 32, 2) HELD(name, type, 32, warp) \
  HELD(name, type, 0, block) HELD(name, type, 0, 0)
#define SOFTMAX(type, warp, block) ROWS(softmax, type, warp, block)
#define SOFTMAX_BACKWARD(type, warp, block) ROWS(softmaxBackward, type, warp, block)
#define SURPRISE_BACKWARD(type, warp, block) ROWS(surpriseBackward, type, warp, block)
#define SURPRISE(type, warp, block)     \
  KERNEL(surprise<type, 32, false>)     \
  KERNEL(surprise<type, 32, true>)      \
  KERNEL(surprise<type, 0, false>)      \
  KERNEL(surprise<type, 0, true>)

EACH_TYPE(SOFTMAX)
EACH_TYPE(SOFTMAX_BACKWARD)
EACH_TYPE(SURPRISE)
EACH_TYPE(SURPRISE_BACKWARD)
