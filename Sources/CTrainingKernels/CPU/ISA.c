#include "TrainingKernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"baseline", "avx2", "avx512"};

const char *tk_isa_name(tk_isa level) { return names[level]; }

// The features are those that ForEachISA.h compiles each level with.
static tk_isa detect(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c") || !__builtin_cpu_supports("bmi2"))
    return tk_isa_baseline;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
    return tk_isa_avx2;
  return tk_isa_avx512;
#else
  return tk_isa_baseline;
#endif
}

static tk_isa narrowed(tk_isa found) {
  const char *wish = getenv("TRAININGKIT_ISA");
  for (tk_isa level = tk_isa_baseline; wish && level < found; level++)
    if (strcmp(wish, names[level]) == 0) return level;
  return found;
}

tk_isa tk_isa_level(void) {
  // Racing first calls store the same value.
  static _Atomic int32_t level = -1;
  int32_t known = atomic_load_explicit(&level, memory_order_relaxed);
  if (known < 0) {
    known = narrowed(detect());
    atomic_store_explicit(&level, known, memory_order_relaxed);
  }
  return (tk_isa)known;
}
