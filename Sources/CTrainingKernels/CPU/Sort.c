#include "Elements.h"

// Keys are unsigned and ordered like the elements. A row is sorted as words, 32 bits of a key above
// an index: least digits first, each pass stable; an element of 64 bits takes two turns.

static inline uint64_t key_of_float32(float x) {
  if (x != x) return UINT32_MAX;
  uint32_t bits = tk_float_bits(x + 0.0f);   // -0 becomes 0
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}
static inline uint64_t key_of_float64(double x) {
  if (x != x) return UINT64_MAX;
  uint64_t bits;
  x += 0.0;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}
static inline uint64_t key_of_float16(uint16_t x) { return key_of_float32(tk_half_to_float(x)); }
static inline uint64_t key_of_bfloat16(uint16_t x) { return key_of_float32(tk_bfloat_to_float(x)); }
static inline uint64_t key_of_int32(int32_t x) { return (uint32_t)x ^ 0x80000000; }
static inline uint64_t key_of_int64(int64_t x) { return (uint64_t)x ^ (uint64_t)1 << 63; }
static inline uint64_t key_of_uint8(uint8_t x) { return x; }
static inline uint64_t key_of_bool(uint8_t x) { return x != 0; }

#define SET_KEYS(name, stored, ...)                                                                \
  static void set_keys_##name(const stored *x, uint64_t flip, int32_t shift, uint64_t *words,      \
    int64_t n) {                                                                                   \
    for (int64_t i = 0; i < n; i++) {                                                              \
      uint32_t index = (uint32_t)words[i];                                                         \
      words[i] = ((key_of_##name(x[index]) ^ flip) >> shift) << 32 | index;                        \
    }                                                                                              \
  }
TK_FOR_EACH_DTYPE(SET_KEYS)

static void set_keys(tk_dtype dtype, const char *x, bool descending, int32_t shift,
  uint64_t *words, int64_t n) {
  uint64_t flip = descending ? UINT64_MAX : 0;
  switch (dtype) {
#define CASE(name, stored, ...) \
  case tk_##name: set_keys_##name((const stored *)(const void *)x, flip, shift, words, n); return;
    TK_FOR_EACH_DTYPE(CASE)
#undef CASE
  }
}

static void insertion_sort(uint64_t *words, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    uint64_t word = words[i];
    int64_t j = i;
    for (; j > 0 && words[j - 1] >> 32 > word >> 32; j--) words[j] = words[j - 1];
    words[j] = word;
  }
}

enum { digit_bits = 8, digits = 4, buckets = 1 << digit_bits };

static inline int64_t digit_of(uint64_t word, int digit) {
  return (int64_t)(word >> (32 + digit * digit_bits)) & (buckets - 1);
}

// The sorted words are left in `words` or in `scratch`: the one that is returned.
static uint64_t *radix_sort(uint64_t *words, uint64_t *scratch, int64_t n) {
  int64_t counts[digits][buckets] = {0};
  for (int64_t i = 0; i < n; i++)
    for (int d = 0; d < digits; d++) counts[d][digit_of(words[i], d)]++;
  for (int d = 0; d < digits; d++) {
    if (counts[d][digit_of(words[0], d)] == n) continue;
    for (int64_t b = 0, start = 0; b < buckets; b++) {
      int64_t count = counts[d][b];
      counts[d][b] = start;
      start += count;
    }
    for (int64_t i = 0; i < n; i++) scratch[counts[d][digit_of(words[i], d)]++] = words[i];
    uint64_t *sorted = scratch;
    scratch = words;
    words = sorted;
  }
  return words;
}

static void sort_row(tk_dtype dtype, bool descending, const char *x, uint64_t *order,
  uint64_t *scratch, int64_t n) {
  uint64_t *words = order, *other = scratch;
  for (int64_t i = 0; i < n; i++) words[i] = (uint64_t)i;
  for (int32_t shift = 0; shift < 8 * tk_element_size(dtype); shift += 32) {
    set_keys(dtype, x, descending, shift, words, n);
    if (n <= 64) { insertion_sort(words, n); continue; }
    uint64_t *sorted = radix_sort(words, other, n);
    other = sorted == words ? other : words;
    words = sorted;
  }
  for (int64_t i = 0; i < n; i++) order[i] = (uint32_t)words[i];
}

void tk_argsort(tk_dtype dtype, bool descending, const void *x, int64_t *order, int64_t *scratch,
  int64_t n, int64_t begin, int64_t end) {
  int64_t bytes = n * tk_element_size(dtype);
  for (int64_t row = begin; row < end; row++)
    sort_row(dtype, descending, (const char *)x + row * bytes, (uint64_t *)(order + row * n),
      (uint64_t *)scratch, n);
}
