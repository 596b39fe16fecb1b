#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "TrainingRuntime.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE ((size_t)64)
#define HUGE_PAGE ((size_t)2 << 20)

// Not yet known, off or on.
enum { unknown, off, on };
static _Atomic int huge_pages = unknown;

void tk_set_huge_pages(bool used) { atomic_store(&huge_pages, used ? on : off); }

bool tk_huge_pages(void) {
  int state = atomic_load(&huge_pages);
  if (state == unknown) {
    const char *wish = getenv("TRAININGKIT_HUGE_PAGES");
    int found = wish != NULL && strcmp(wish, "0") == 0 ? off : on;
    // Whoever has set it meanwhile is right.
    if (atomic_compare_exchange_strong(&huge_pages, &state, found)) state = found;
  }
  return state == on;
}

static void ask_for_huge_pages(void *memory, size_t bytes) {
#if defined(__linux__)
  if (bytes >= HUGE_PAGE && tk_huge_pages()) madvise(memory, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

void *tk_allocate(size_t bytes) {
  size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
  if (bytes > SIZE_MAX - alignment) return NULL;
  void *memory = NULL;
  if (posix_memalign(&memory, alignment, bytes > 0 ? bytes : LINE) != 0) return NULL;
  ask_for_huge_pages(memory, bytes);
  return memory;
}

void tk_deallocate(void *memory, size_t bytes) {
  (void)bytes;
  free(memory);
}

#if defined(MAP_NORESERVE)
#define FLAGS (MAP_PRIVATE | MAP_ANON | MAP_NORESERVE)
#else
#define FLAGS (MAP_PRIVATE | MAP_ANON)
#endif

void *tk_map_zeros(size_t bytes) {
  void *pages = mmap(NULL, bytes, PROT_READ, FLAGS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

size_t tk_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

void *tk_reserve(size_t bytes) {
  void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, FLAGS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  ask_for_huge_pages(pages, bytes);
  return pages;
}

void tk_unmap(void *pages, size_t bytes) {
  tk_permit(pages, bytes);
  munmap(pages, bytes);
}

bool tk_discard(void *pages, size_t bytes) {
#if defined(__linux__)
  return madvise(pages, bytes, MADV_DONTNEED) == 0;
#else
  return mmap(pages, bytes, PROT_READ | PROT_WRITE, FLAGS | MAP_FIXED, -1, 0) != MAP_FAILED;
#endif
}

#if __has_feature(address_sanitizer)
void __asan_poison_memory_region(void const volatile *, size_t);
void __asan_unpoison_memory_region(void const volatile *, size_t);
void tk_forbid(void *memory, size_t bytes) { __asan_poison_memory_region(memory, bytes); }
void tk_permit(void *memory, size_t bytes) { __asan_unpoison_memory_region(memory, bytes); }
#else
void tk_forbid(void *memory, size_t bytes) { (void)memory, (void)bytes; }
void tk_permit(void *memory, size_t bytes) { (void)memory, (void)bytes; }
#endif
