#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "TrainingKernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const char *const names[] = {"baseline", "avx2", "avx512", "amx"};

const char *tk_isa_name(tk_isa level) { return names[level]; }

#if defined(__x86_64__)
static bool has_tiles(void) {
#if defined(__linux__)
  enum { bfloat_products = 1 << 22, tiles = 1 << 24, system_saves = 1 << 27, saved_tiles = 3 << 17 };
  uint32_t a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & system_saves)) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if (!(d & bfloat_products) || !(d & tiles)) return false;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & saved_tiles) == saved_tiles;
#else
  return false;
#endif
}
#endif

// The system lets a process use tiles once it asked: its threads then need 8 KiB more to be put aside.
static bool may_use_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
  enum { ask_permission = 0x1023, tile_data = 18 };
  return syscall(SYS_arch_prctl, ask_permission, tile_data) == 0;
#else
  return false;
#endif
}

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
  return has_tiles() ? tk_isa_amx : tk_isa_avx512;
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
    if (known == tk_isa_amx && !may_use_tiles()) known = tk_isa_avx512;
    atomic_store_explicit(&level, known, memory_order_relaxed);
  }
  return (tk_isa)known;
}
