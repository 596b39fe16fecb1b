// Results that are larger than caches are written past them: no line is read before it is written,
// and what is in the caches stays there. Kernels make them up in a near buffer, which is streamed out.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline void tk_stream(void *to, const void *from, int64_t bytes) {
  typedef int32_t part __attribute__((vector_size(16)));
  enum { line = 64, parts = line / sizeof(part) };
  int64_t head = -(intptr_t)to & (line - 1), at = head < bytes ? head : bytes;
  memcpy(to, from, (size_t)at);
  for (; bytes - at >= line; at += line) {
    part values[parts], *place = (part *)((char *)to + at);
    memcpy(values, (const char *)from + at, sizeof values);
    for (int k = 0; k < parts; k++) __builtin_nontemporal_store(values[k], place + k);
  }
  memcpy((char *)to + at, (const char *)from + at, (size_t)(bytes - at));
}
// Asks for memory that is read soon.
static inline void tk_fetch(const void *from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)from + i);
}
// Where `far`, makes what was streamed seen before whatever says that it is there.
static inline void tk_settle(bool far) {
  if (far) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
