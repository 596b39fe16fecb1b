// Copies in tiles, and results that are written past the caches, against plain loops.
#include "Check.h"

typedef struct copy_case {
  int32_t rank;
  int64_t shape[4];
  int order[4];   // the axes of x from the slowest on
} copy_case;

static void check_tiles(copy_case c, tk_dtype dtype) {
  tk_space space = {.rank = c.rank};
  tk_operand operands[2] = {{.dtype = dtype}, {.dtype = dtype}};
  int64_t count = 1, stride = 1;
  for (int32_t axis = c.rank - 1; axis >= 0; axis--) {
    space.shape[axis] = c.shape[axis];
    operands[0].strides[axis] = count;
    operands[1].strides[c.order[axis]] = stride;
    count *= c.shape[axis], stride *= c.shape[c.order[axis]];
  }
  int64_t size = tk_element_size(dtype);
  uint8_t *x = elements(count), *tiled = elements(count), *plain = elements(count);
  for (int64_t i = 0; i < count * size; i++) x[i] = (uint8_t)random_word();
  memset(tiled, 0, (size_t)(count * size));
  int64_t tiles = tk_tile_count(&space, operands);
  CHECK(tiles > 0, "no tiles of %lld", (long long)count);
  operands[1].data = x, operands[0].data = plain;
  tk_copy(&space, operands, 0, count);
  operands[0].data = tiled;
  tk_copy_tiles(&space, operands, tiles / 3, tiles);
  tk_copy_tiles(&space, operands, 0, tiles / 3);
  CHECK(memcmp(tiled, plain, (size_t)(count * size)) == 0, "tiles of %lld, dtype %d",
    (long long)count, dtype);
  free(x), free(tiled), free(plain);
}

// The same in one call, past the caches, and in many small ones.
static void check_far(tk_dtype to, tk_dtype from) {
  const int64_t n = ((int64_t)16 << 20) / tk_element_size(to) + 77, piece = 1000;
  void *x = elements(n), *y = elements(n), *near = elements(n);
  for (int64_t i = 0; i < n; i++) set_element(from, x, i, (double)(i % 251) - 125);
  tk_space whole = line(n);
  tk_operand operands[] = {lined(y, to), lined(x, from)};
  for (int kind = 0; kind < 2; kind++) {
    if (kind && to == tk_int64) continue;
    if (kind) tk_unary_forward(tk_unary_relu, tk_real32, NULL, &whole, operands, 0, n);
    else tk_copy(&whole, operands, 0, n);
    for (int64_t at = 0; at < n; at += piece) {
      tk_space part = line(n - at < piece ? n - at : piece);
      tk_operand own[] = {lined((char *)near + at * tk_element_size(to), to),
        lined((char *)x + at * tk_element_size(from), from)};
      if (kind) tk_unary_forward(tk_unary_relu, tk_real32, NULL, &part, own, 0, part.shape[0]);
      else tk_copy(&part, own, 0, part.shape[0]);
    }
    CHECK(memcmp(y, near, (size_t)(n * tk_element_size(to))) == 0, "far: dtypes %d, %d, kind %d",
      to, from, kind);
  }
  free(x), free(y), free(near);
}

int main(void) {
  const copy_case cases[] = {
    {2, {64, 128}, {1, 0}}, {2, {67, 130}, {1, 0}}, {2, {3, 1000}, {1, 0}}, {2, {1000, 2}, {1, 0}},
    {3, {3, 65, 40}, {0, 2, 1}}, {3, {5, 17, 33}, {2, 1, 0}}, {3, {8, 40, 6}, {1, 0, 2}},
    {4, {2, 5, 33, 16}, {0, 2, 1, 3}}, {4, {3, 4, 20, 9}, {2, 3, 0, 1}},
  };
  const tk_dtype dtypes[] = {tk_uint8, tk_bfloat16, tk_float32, tk_float64};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    for (size_t d = 0; d < 4; d++) check_tiles(cases[k], dtypes[d]);
  // Far ones, of elements and of units.
  check_tiles((copy_case){2, {2052, 2300}, {1, 0}}, tk_float32);
  check_tiles((copy_case){2, {2051, 2301}, {1, 0}}, tk_float32);
  check_tiles((copy_case){3, {90, 500, 100}, {1, 0, 2}}, tk_float32);
  check_far(tk_float32, tk_float32);
  check_far(tk_float32, tk_bfloat16);
  check_far(tk_float16, tk_float32);
  check_far(tk_int64, tk_int32);
  return report("Copy");
}
