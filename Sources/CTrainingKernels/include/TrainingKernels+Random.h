#pragma once

// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): the value of
// element i is a function of key, stream position and i alone, the same bits on every machine
// (float64 normals: up to the C library's last bit). `position` counts blocks of four 32-bit words;
// word i of the stream is in block position + i / 4. A call for n elements of w words uses
// (n w + 3) / 4 blocks.
typedef struct tk_philox { uint64_t key, position; } tk_philox;

// A range counts elements. Halves are rounded float32 draws.
// y[i] uniform in [lower, upper); 1 word an element (24 bits), 2 for float64 (53 bits).
void tk_philox_uniform(tk_philox generator, tk_dtype dtype, double lower, double upper, void *y,
  int64_t begin, int64_t end);
// y[i] normal by Box-Muller; 2 words an element, 4 for float64.
void tk_philox_normal(tk_philox generator, tk_dtype dtype, double mean, double deviation, void *y,
  int64_t begin, int64_t end);
// y[i] = a uniform integer in [lower, upper); 2 words an element.
void tk_philox_integer(tk_philox generator, int64_t lower, int64_t upper, int64_t *y,
  int64_t begin, int64_t end);
// y[i] = value with the probability, else 0; 1 word an element. Integers want a value >= 0.
void tk_philox_bernoulli(tk_philox generator, tk_dtype dtype, double probability, double value,
  void *y, int64_t begin, int64_t end);
// y = x times what tk_philox_bernoulli draws; y may be x. `far` is what tk_is_far says of y.
void tk_philox_dropout(tk_philox generator, tk_dtype dtype, double probability, double value,
  const void *x, void *y, bool far, int64_t begin, int64_t end);
// The 32-bit words themselves: word i of the stream.
void tk_philox_words(tk_philox generator, uint32_t *words, int64_t begin, int64_t end);

// Mersenne Twister 19937 (Matsumoto and Nishimura 1998) with PyTorch's CPU streams, bit by bit
// those of its builds for AVX2 and AVX-512 (normals of float64, and fewer than 16 of any dtype,
// where the C library is the same). A call is a stretch of the stream: it cannot be cut.
typedef struct tk_mersenne {
  uint32_t words[624];
  int32_t next;            // 0 … 624
  bool has_spare;          // the second value of a double-precision Box-Muller pair
  double spare;
} tk_mersenne;

void tk_mersenne_seed(tk_mersenne *generator, uint64_t seed);
uint32_t tk_mersenne_word(tk_mersenne *generator);
void tk_mersenne_uniform(tk_mersenne *generator, tk_dtype dtype, double lower, double upper,
  void *y, int64_t n);
void tk_mersenne_normal(tk_mersenne *generator, tk_dtype dtype, double mean, double deviation,
  void *y, int64_t n);
// PyTorch's randperm(n).
void tk_mersenne_permutation(tk_mersenne *generator, int64_t *y, int64_t n);
// PyTorch's randint(lower, upper).
void tk_mersenne_integer(tk_mersenne *generator, int64_t lower, int64_t upper, int64_t *y,
  int64_t n);
