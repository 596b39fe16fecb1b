#include "RandomElements.h"

#include <math.h>

#define BODY "Mersenne.body.h"
#include "ForEachISA.h"

enum { state_words = 624, state_shift = 397 };

void tk_mersenne_seed(tk_mersenne *generator, uint64_t seed) {
  uint32_t word = (uint32_t)seed;
  for (uint32_t i = 0; i < state_words; i++) {
    generator->words[i] = word;
    word = 1812433253 * (word ^ word >> 30) + i + 1;
  }
  generator->next = state_words;
  generator->has_spare = false;
  generator->spare = 0;
}

static inline uint32_t twisted(uint32_t upper, uint32_t lower, uint32_t shifted) {
  uint32_t joined = (upper & 0x80000000) | (lower & 0x7fffffff);
  return shifted ^ joined >> 1 ^ (0x9908b0df & -(lower & 1));
}
static void renew(tk_mersenne *generator) {
  uint32_t *w = generator->words;
  const int distance = state_words - state_shift;
  for (int i = 0; i < distance; i++) w[i] = twisted(w[i], w[i + 1], w[i + state_shift]);
  for (int i = distance; i < state_words - 1; i++)
    w[i] = twisted(w[i], w[i + 1], w[i - distance]);
  w[state_words - 1] = twisted(w[state_words - 1], w[0], w[state_shift - 1]);
  generator->next = 0;
}
static inline uint32_t tempered(uint32_t word) {
  word ^= word >> 11;
  word ^= word << 7 & 0x9d2c5680;
  word ^= word << 15 & 0xefc60000;
  return word ^ word >> 18;
}

static void draw(tk_mersenne *generator, uint32_t *words, int64_t count) {
  while (count > 0) {
    if (generator->next == state_words) renew(generator);
    int64_t held = state_words - generator->next, taken = count < held ? count : held;
    const uint32_t *from = generator->words + generator->next;
    for (int64_t i = 0; i < taken; i++) words[i] = tempered(from[i]);
    generator->next += (int32_t)taken;
    words += taken;
    count -= taken;
  }
}
uint32_t tk_mersenne_word(tk_mersenne *generator) {
  uint32_t word;
  draw(generator, &word, 1);
  return word;
}
static uint64_t long_word(tk_mersenne *generator) {
  uint64_t upper = tk_mersenne_word(generator);
  return upper << 32 | tk_mersenne_word(generator);
}

static void draw_floats(tk_mersenne *generator, float lower, float upper, float *y, int64_t n) {
  uint32_t words[stretch];
  draw(generator, words, n);
  TK_PICK(uniform, f32)(words, lower, upper, y, n);
}
static void draw_doubles(tk_mersenne *generator, double lower, double upper, double *y, int64_t n) {
  uint32_t words[2 * stretch];
  draw(generator, words, 2 * n);
  TK_PICK(uniform, f64)(words, lower, upper, y, n);
}

void tk_mersenne_uniform(tk_mersenne *generator, tk_dtype dtype, double lower, double upper,
  void *y, int64_t n) {
  for (int64_t at = 0; at < n; at += stretch) {
    int64_t count = n - at < stretch ? n - at : stretch;
    if (dtype == tk_float64) {
      draw_doubles(generator, lower, upper, (double *)y + at, count);
    } else {
      float x[stretch];
      draw_floats(generator, (float)lower, (float)upper, x, count);
      store_floats(dtype, x, y, at, count);
    }
  }
  if (is_half(dtype)) wrap_halves(dtype, (float)lower, (float)upper, y, 0, n);
}

// `count` is a multiple of 16.
static void normal_blocks(tk_mersenne *generator, tk_dtype dtype, double mean, double deviation,
  void *y, int64_t at, int64_t count) {
  if (dtype == tk_float64) {
    draw_doubles(generator, 0, 1, (double *)y + at, count);
    TK_PICK(normal, f64)((double *)y + at, mean, deviation, count);
  } else {
    float x[stretch];
    draw_floats(generator, 0, 1, x, count);
    TK_PICK(normal, f32)(x, (float)mean, (float)deviation, count);
    store_floats(dtype, x, y, at, count);
  }
}
// PyTorch draws the last 16 anew rather than complete a block. Only halves skip what it replaces.
static void normal_rest(tk_mersenne *generator, tk_dtype dtype, double mean, double deviation,
  void *y, int64_t n) {
  uint32_t replaced[32];
  int64_t words = dtype == tk_float64 ? 2 : dtype == tk_float32 ? 1 : 0;
  draw(generator, replaced, n % 16 * words);
  normal_blocks(generator, dtype, mean, deviation, y, n - 16, 16);
}

static double normal_one(tk_mersenne *generator) {
  if (generator->has_spare) {
    generator->has_spare = false;
    return generator->spare;
  }
  double u[2];
  draw_doubles(generator, 0, 1, u, 2);
  double radius = sqrt(-2 * log1p(-u[1])), angle = 6.28318530717958648 * u[0];
  generator->has_spare = true;
  generator->spare = radius * sin(angle);
  return radius * cos(angle);
}

void tk_mersenne_normal(tk_mersenne *generator, tk_dtype dtype, double mean, double deviation,
  void *y, int64_t n) {
  if (n < 16) {
    for (int64_t i = 0; i < n; i++) {
      double x = __builtin_fma(normal_one(generator), deviation, mean);
      float rounded = (float)x;
      if (dtype == tk_float64) ((double *)y)[i] = x;
      else store_floats(dtype, &rounded, y, i, 1);
    }
    return;
  }
  int64_t whole = n & ~(int64_t)15;
  for (int64_t at = 0; at < whole; at += stretch)
    normal_blocks(generator, dtype, mean, deviation, y, at,
      whole - at < stretch ? whole - at : stretch);
  if (whole < n) normal_rest(generator, dtype, mean, deviation, y, n);
}

void tk_mersenne_permutation(tk_mersenne *generator, int64_t *y, int64_t n) {
  // From here on, PyTorch finds a word's remainder too uneven, and shuffles the other way around.
  if (n >= UINT32_MAX / 20) {
    for (int64_t i = 0; i < n; i++) {
      int64_t other = (int64_t)(long_word(generator) % (uint64_t)(i + 1));
      y[i] = i;
      y[i] = y[other];
      y[other] = i;
    }
    return;
  }
  for (int64_t i = 0; i < n; i++) y[i] = i;
  for (int64_t i = 0; i < n - 1; i++) {
    int64_t other = i + tk_mersenne_word(generator) % (n - i), saved = y[i];
    y[i] = y[other];
    y[other] = saved;
  }
}

void tk_mersenne_integer(tk_mersenne *generator, int64_t lower, int64_t upper, int64_t *y,
  int64_t n) {
  uint64_t range = (uint64_t)upper - (uint64_t)lower;
  bool wide = range >= (uint64_t)1 << 28;
  for (int64_t i = 0; i < n; i++) {
    uint64_t word = wide ? long_word(generator) : tk_mersenne_word(generator);
    y[i] = (int64_t)((uint64_t)lower + word % range);
  }
}
