#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "TrainingRuntime.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LINE ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

void *tk_allocate(size_t bytes) {
  size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
  if (bytes > SIZE_MAX - alignment) return NULL;
  void *memory = NULL;
  if (posix_memalign(&memory, alignment, bytes > 0 ? bytes : LINE) != 0) return NULL;
#if defined(__linux__)
  if (bytes >= HUGE_PAGE) madvise(memory, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
#endif
  return memory;
}

void tk_deallocate(void *memory, size_t bytes) {
  (void)bytes;
  free(memory);
}

#if defined(MAP_NORESERVE)
#define UNRESERVED MAP_NORESERVE
#else
#define UNRESERVED 0
#endif

void *tk_map_zeros(size_t bytes) {
  void *pages =
    mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANON | UNRESERVED, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

void tk_unmap_zeros(void *pages, size_t bytes) { munmap(pages, bytes); }
