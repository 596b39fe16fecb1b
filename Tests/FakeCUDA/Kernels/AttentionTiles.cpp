#define SOURCE "AttentionTiles.cu"
#include "Registry.h"
#include "AttentionTiles.cu"

#define PASSES(T, WIDTH)            \
  KERNEL(attend_tiles<T, WIDTH, 0>) \
  KERNEL(attend_tiles<T, WIDTH, 1>) \
  KERNEL(attend_tiles<T, WIDTH, 2>) \
  KERNEL(attend_tiles<T, WIDTH, 3>) \
  KERNEL(attend_tiles<T, WIDTH, 4>)

PASSES(float16, 64)
PASSES(float16, 128)
PASSES(float16, 256)
PASSES(bfloat16, 64)
PASSES(bfloat16, 128)
PASSES(bfloat16, 256)
