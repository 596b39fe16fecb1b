#include "Elements.h"
#include "Far.h"
#include "RandomElements.h"

#define BODY "Philox.body.h"
#include "ForEachISA.h"

// Room for `stretch` elements of up to four words from any word on.
typedef struct word_buffer { uint32_t words[4 * stretch + 8]; } word_buffer;

// Words first ..< first + count of the stream.
static const uint32_t *draw(tk_philox generator, word_buffer *buffer, int64_t first,
  int64_t count) {
  int64_t block = first / 4, last = (first + count + 3) / 4;
  TK_PICK(blocks, f32)(generator.key, generator.position + (uint64_t)block, buffer->words,
    last - block);
  return buffer->words + first % 4;
}

// Runs the body for elements at ..< at + n of each stretch.
#define FOR_EACH_STRETCH                                                                           \
  for (int64_t at = begin, n; n = end - at < stretch ? end - at : stretch, at < end; at += n)

void tk_philox_uniform(tk_philox generator, tk_dtype dtype, double lower, double upper, void *y,
  int64_t begin, int64_t end) {
  word_buffer buffer;
  FOR_EACH_STRETCH {
    if (dtype == tk_float64) {
      const uint32_t *words = draw(generator, &buffer, 2 * at, 2 * n);
      TK_PICK(uniform, f64)(words, lower, upper, (double *)y + at, n);
      continue;
    }
    float x[stretch], *to = dtype == tk_float32 ? (float *)y + at : x;
    const uint32_t *words = draw(generator, &buffer, at, n);
    TK_PICK(uniform, f32)(words, (float)lower, (float)upper, to, n);
    if (to == x) store_floats(dtype, x, y, at, n);
    if (is_half(dtype)) wrap_halves(dtype, (float)lower, (float)upper, y, at, n);
  }
}

void tk_philox_normal(tk_philox generator, tk_dtype dtype, double mean, double deviation, void *y,
  int64_t begin, int64_t end) {
  word_buffer buffer;
  FOR_EACH_STRETCH {
    if (dtype == tk_float64) {
      const uint32_t *words = draw(generator, &buffer, 4 * at, 4 * n);
      TK_PICK(normal, f64)(words, mean, deviation, (double *)y + at, n);
      continue;
    }
    float x[stretch], *to = dtype == tk_float32 ? (float *)y + at : x;
    const uint32_t *words = draw(generator, &buffer, 2 * at, 2 * n);
    TK_PICK(normal, f32)(words, (float)mean, (float)deviation, to, n);
    if (to == x) store_floats(dtype, x, y, at, n);
  }
}

void tk_philox_integer(tk_philox generator, int64_t lower, int64_t upper, int64_t *y,
  int64_t begin, int64_t end) {
  uint64_t range = (uint64_t)upper - (uint64_t)lower;
  word_buffer buffer;
  FOR_EACH_STRETCH {
    const uint32_t *words = draw(generator, &buffer, 2 * at, 2 * n);
    for (int64_t i = 0; i < n; i++) {
      uint64_t word = (uint64_t)words[2 * i] << 32 | words[2 * i + 1];
      uint64_t scaled = (uint64_t)((unsigned __int128)word * range >> 64);
      y[at + i] = (int64_t)((uint64_t)lower + scaled);
    }
  }
}

#define BERNOULLI(name, stored, summed, WIDEN, NARROW)                                             \
  static void bernoulli_##name(const uint32_t *words, uint64_t threshold, double value, stored *y, \
    int64_t n) {                                                                                   \
    stored hit = NARROW((summed)value);                                                            \
    for (int64_t i = 0; i < n; i++) y[i] = words[i] < threshold ? hit : (stored)0;                 \
  }
TK_FOR_EACH_DTYPE(BERNOULLI)

void tk_philox_bernoulli(tk_philox generator, tk_dtype dtype, double probability, double value,
  void *y, int64_t begin, int64_t end) {
  uint64_t threshold = (uint64_t)(probability * 0x1p32);
  word_buffer buffer;
  FOR_EACH_STRETCH {
    const uint32_t *words = draw(generator, &buffer, at, n);
    switch (dtype) {
#define CASE(name, stored, ...) \
  case tk_##name: bernoulli_##name(words, threshold, value, (stored *)y + at, n); break;
      TK_FOR_EACH_DTYPE(CASE)
#undef CASE
    }
  }
}

void tk_philox_dropout(tk_philox generator, tk_dtype dtype, double probability, double value,
  const void *x, void *y, bool far, int64_t begin, int64_t end) {
  uint64_t threshold = (uint64_t)(probability * 0x1p32);
  int64_t size = tk_element_size(dtype);
  word_buffer buffer;
  FOR_EACH_STRETCH {
    const uint32_t *words = draw(generator, &buffer, at, n);
    const char *from = (const char *)x + at * size;
    char *to = (char *)y + at * size;
    if (dtype == tk_float64)
      TK_PICK(drop, f64)(words, threshold, value, dtype, from, to, n, far);
    else TK_PICK(drop, f32)(words, threshold, value, dtype, from, to, n, far);
  }
  tk_settle(far);
}

void tk_philox_words(tk_philox generator, uint32_t *words, int64_t begin, int64_t end) {
  word_buffer buffer;
  FOR_EACH_STRETCH {
    const uint32_t *drawn = draw(generator, &buffer, at, n);
    for (int64_t i = 0; i < n; i++) words[at + i] = drawn[i];
  }
}
