// Checks of the random streams, against published vectors and numbers of PyTorch 2.13.
#include "Check.h"

static const tk_philox stream = {0x123456789abcdef0, 0xfffffffb};   // crosses 2^32 blocks

// Philox 4x32-10 from its definition.
static void philox(const uint32_t key[2], uint32_t c[4]) {
  uint32_t k[2] = {key[0], key[1]};
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xd2511f53 * c[0], b = (uint64_t)0xcd9e8d57 * c[2];
    uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b,
      (uint32_t)(a >> 32) ^ c[3] ^ k[1], (uint32_t)a};
    memcpy(c, next, sizeof next);
    k[0] += 0x9e3779b9, k[1] += 0xbb67ae85;
  }
}
static void check_philox_vectors(void) {
  static const struct { uint32_t key[2], counter[4], words[4]; } known[] = {
    {{0, 0}, {0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u}, {~0u, ~0u, ~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
      {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (int v = 0; v < 3; v++) {
    uint32_t c[4];
    memcpy(c, known[v].counter, sizeof c);
    philox(known[v].key, c);
    CHECK(memcmp(c, known[v].words, sizeof c) == 0, "published vector %d", v);
  }
  enum { n = 5000 };
  static uint32_t words[n];
  tk_philox_words(stream, words, 0, n);
  for (int i = 0; i < n; i++) {
    uint64_t block = stream.position + (uint64_t)i / 4;
    uint32_t key[2] = {(uint32_t)stream.key, (uint32_t)(stream.key >> 32)};
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), 0, 0};
    philox(key, c);
    CHECK(words[i] == c[i % 4], "word %d", i);
  }
}

enum { drawn = 3001 };

static void draw(int kind, tk_dtype dtype, void *y, int64_t begin, int64_t end) {
  switch (kind) {
    case 0: tk_philox_uniform(stream, dtype, -0.3, 0.9, y, begin, end); break;
    case 1: tk_philox_normal(stream, dtype, 1, 2, y, begin, end); break;
    case 2: tk_philox_bernoulli(stream, dtype, 0.3, 1, y, begin, end); break;
    case 3: tk_philox_integer(stream, -3, 4, y, begin, end); break;
  }
}
static void check_moments(int kind, tk_dtype dtype, const void *y) {
  static const double means[] = {0.3, 1, 0.3, 0}, variances[] = {0.12, 4, 0.21, 4};
  double sum = 0, squares = 0, mean = means[kind];
  for (int64_t i = 0; i < drawn; i++) {
    double x = element(dtype, y, i);
    sum += x - mean, squares += (x - mean) * (x - mean);
    CHECK(kind != 0 || (x >= -0.301 && x < 0.9), "dtype %d: %g outside", dtype, x);
    CHECK(kind != 3 || (x >= -3 && x < 4), "%g outside", x);
  }
  double error = sqrt(variances[kind] / drawn);
  CHECK(fabs(sum / drawn) < 4 * error, "kind %d dtype %d: mean off by %g", kind, dtype,
    sum / drawn);
  CHECK(fabs(squares / drawn / variances[kind] - 1) < 0.15, "kind %d dtype %d: variance %g", kind,
    dtype, squares / drawn);
}
static void check_philox_draws(void) {
  static double whole[drawn], parts[drawn];
  for (int kind = 0; kind < 4; kind++)
    for (tk_dtype dtype = 0; dtype <= tk_bool; dtype++) {
      if (kind < 2 && !is_real(dtype)) continue;
      if (kind == 3 && dtype != tk_int64) continue;
      draw(kind, dtype, whole, 0, drawn);
      for (int64_t begin = 0, end; begin < drawn; begin = end) {
        end = begin + 1 + (int64_t)(random_word() % 700);
        if (end > drawn) end = drawn;
        draw(kind, dtype, parts, begin, end);
      }
      CHECK(memcmp(whole, parts, drawn * (size_t)tk_element_size(dtype)) == 0,
        "kind %d dtype %d depends on the cut", kind, dtype);
      check_moments(kind, dtype, whole);
    }
}

// Dropout is a product with what is drawn.
static void check_dropout(tk_dtype dtype) {
  static double x[drawn + 8], y[drawn + 8], factors[drawn + 8];
  const double kept[] = {0.7, 1, 0};
  for (int k = 0; k < 3; k++) {
    for (int64_t i = 0; i < drawn; i++) set_element(dtype, x, i, i % 7 ? random_between(-2, 2) : -0.0);
    tk_philox_bernoulli(stream, dtype, kept[k], 1 / 0.7, factors, 0, drawn);
    tk_philox_dropout(stream, dtype, kept[k], 1 / 0.7, x, y, false, 0, 1000);
    tk_philox_dropout(stream, dtype, kept[k], 1 / 0.7, x, y, true, 1000, drawn);
    tk_philox_dropout(stream, dtype, kept[k], 1 / 0.7, x, x, false, 0, drawn);
    CHECK(memcmp(x, y, drawn * (size_t)tk_element_size(dtype)) == 0, "dropout depends on the cut");
    tk_space space = line(drawn);
    tk_compute compute = dtype == tk_float64 ? tk_real64 : tk_real32;
    for (int64_t i = 0; i < drawn; i++) set_element(dtype, x, i, i % 7 ? random_between(-2, 2) : -0.0);
    tk_operand product[] = {lined(y, dtype), lined(x, dtype), lined(factors, dtype)};
    tk_binary_forward(tk_binary_mul, compute, &space, product, 0, drawn);
    tk_philox_dropout(stream, dtype, kept[k], 1 / 0.7, x, x, true, 0, drawn);
    CHECK(memcmp(x, y, drawn * (size_t)tk_element_size(dtype)) == 0, "dropout of dtype %d", dtype);
  }
}

static void check_floats(const char *what, const float *x, int step, int n, const uint32_t *bits) {
  for (int i = 0; i < n; i++)
    CHECK(tk_float_bits(x[i * step]) == bits[i], "%s: %a at %d", what, x[i * step], i * step);
}
static void check_doubles(const char *what, const double *x, int step, int n, const double *y) {
  // Other C libraries may differ in the last bit.
  for (int i = 0; i < n; i++)
    CHECK(fabs(x[i * step] - y[i]) <= 4e-16 * fabs(y[i]), "%s: %a at %d", what, x[i * step], i);
}
static void check_halves(const char *what, const uint16_t *x, int step, int n,
  const int16_t *bits) {
  for (int i = 0; i < n; i++) CHECK((int16_t)x[i * step] == bits[i], "%s: at %d", what, i * step);
}
static void check_integers(const char *what, const int64_t *x, int n, const int64_t *y) {
  for (int i = 0; i < n; i++) CHECK(x[i] == y[i], "%s: %lld at %d", what, (long long)x[i], i);
}

// One sequence after manual_seed(5), so that every call also shows what the calls before it took.
static void check_pytorch_sequence(void) {
  tk_mersenne g;
  float x[20];
  double d[20];
  int64_t k[20];
  uint16_t h[20];
  tk_mersenne_seed(&g, ((uint64_t)1 << 32) + 5);
  tk_mersenne_uniform(&g, tk_float32, -0.1, 0.3, x, 3);
  check_floats("uniform", x, 1, 3, (uint32_t[]){0x3e6dabd2, 0xbd4afada, 0x3e86a659});
  tk_mersenne_normal(&g, tk_float32, 0, 1, x, 3);
  check_floats("few normals", x, 1, 3, (uint32_t[]){0xc00a9e83, 0xbf592f30, 0x4002306a});
  tk_mersenne_normal(&g, tk_float32, 0.2, 1.7, x, 19);
  check_floats("normals", x, 6, 4, (uint32_t[]){0x4007cae5, 0xbf85c48d, 0x3db837d0, 0xbe1ae629});
  tk_mersenne_normal(&g, tk_float32, 0, 1, x, 1);
  check_floats("spare normal", x, 1, 1, (uint32_t[]){0xbfb4ea07});
  tk_mersenne_uniform(&g, tk_float64, 0, 1, d, 2);
  check_doubles("doubles", d, 1, 2, (double[]){0x1.6500ba7321e74p-2, 0x1.b3b00d55fc7d0p-1});
  tk_mersenne_normal(&g, tk_float64, 0, 1, d, 17);
  check_doubles("double normals", d, 8, 3,
    (double[]){-0x1.6cd2959ec329bp-1, 0x1.61cf41f493e43p-2, -0x1.bd362cbe023afp-2});
  tk_mersenne_permutation(&g, k, 10);
  check_integers("permutation", k, 10, (int64_t[]){9, 3, 5, 0, 6, 2, 8, 7, 4, 1});
  tk_mersenne_integer(&g, -5, 6, k, 6);
  check_integers("integers", k, 6, (int64_t[]){-5, 0, 3, 0, -2, 5});
  tk_mersenne_integer(&g, 0, (int64_t)1 << 40, k, 2);
  check_integers("large integers", k, 2, (int64_t[]){774644804421, 902095642300});
  tk_mersenne_integer(&g, 0, 1 << 28, k, 2);
  check_integers("integers of 28 bits", k, 2, (int64_t[]){199107613, 198181496});
  tk_mersenne_normal(&g, tk_bfloat16, 0, 1, h, 20);
  check_halves("bfloat16 normals", h, 5, 4, (int16_t[]){-16669, 16236, 16325, -16626});
  tk_mersenne_uniform(&g, tk_float16, 0, 1, h, 3);
  check_halves("float16 uniform", h, 1, 3, (int16_t[]){15330, 14645, 14050});
  tk_mersenne_uniform(&g, tk_float32, 0, 1, x, 1);
  check_floats("last", x, 1, 1, (uint32_t[]){0x3d2da1f0});
}

static void check_mersenne(void) {
  tk_mersenne g;
  tk_mersenne_seed(&g, 5489);
  uint32_t word = 0;
  for (int i = 0; i < 10000; i++) word = tk_mersenne_word(&g);
  CHECK(word == 4123659995, "the 10,000th word is %u", word);   // as the C++ standard demands
}

int main(void) {
  check_philox_vectors();
  check_philox_draws();
  for (tk_dtype dtype = tk_float32; dtype <= tk_bfloat16; dtype++) check_dropout(dtype);
  check_mersenne();
  check_pytorch_sequence();
  return report("Random");
}
