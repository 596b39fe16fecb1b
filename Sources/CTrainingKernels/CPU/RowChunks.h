// A row of stored elements, seen as chunks of REAL that are padded to whole lanes. A row that fits
// into the buffer is held there.
typedef struct NAME(row) {
  const char *data;
  tk_dtype dtype;
  int64_t length;
  REAL padding, *buffer;
  bool held;
} NAME(row);

static const REAL *NAME(take)(NAME(row) *row, int64_t first, int64_t n) {
  const char *data = row->data + first * tk_element_size(row->dtype);
  if (row->held) return row->buffer;
  if (row->dtype == REAL_DTYPE && n % LANES == 0) return (const REAL *)data;
  NAME(tk_widen)(row->dtype, n, data, 1, row->buffer);
  for (int64_t i = n; i % LANES; i++) row->buffer[i] = row->padding;
  row->held = n == row->length;
  return row->buffer;
}
static int64_t NAME(chunk)(int64_t left) { return left < TK_CHUNK ? left : TK_CHUNK; }

// A row that is written chunk by chunk: its lanes go to its own memory where elements are REAL, else
// to `buffer`, from where they are rounded.
typedef struct NAME(result) {
  char *data;
  tk_dtype dtype;
  bool far;
  REAL *buffer;
} NAME(result);

INLINE REAL *NAME(lanes_of)(const NAME(result) *y, int64_t first, int64_t n) {
  bool direct = y->dtype == REAL_DTYPE && n % LANES == 0;
  return direct ? (REAL *)y->data + first : y->buffer;
}
// Whether lanes go past the caches.
INLINE bool NAME(go_far)(const NAME(result) *y, const REAL *lanes) {
  return y->far && lanes != y->buffer && (uintptr_t)lanes % LANE_BYTES == 0;
}
INLINE void NAME(finish)(const NAME(result) *y, int64_t first, int64_t n, const REAL *lanes) {
  if (lanes != y->buffer) return;
  NAME(tk_narrow)(y->dtype, n, lanes, y->data + first * tk_element_size(y->dtype), 1);
}

#ifndef DEFINE_ROW_SUM
// The sum of a function of A, B and a number P over two rows. Each chunk is summed by itself, so
// that the error does not grow with the length of a row.
#define DEFINE_ROW_SUM(name, value)                                                                \
  static REAL NAME(name)(NAME(row) *a, NAME(row) *b, REAL p, int64_t n) {                          \
    V sum = ZERO, P = SPLAT(p);                                                                    \
    for (int64_t first = 0, count; first < n; first += count) {                                    \
      count = NAME(chunk)(n - first);                                                              \
      const REAL *as = NAME(take)(a, first, count), *bs = b ? NAME(take)(b, first, count) : as;    \
      V part = ZERO;                                                                               \
      for (int64_t i = 0; i < count; i += LANES) {                                                 \
        V A = LOAD(as + i), B = LOAD(bs + i);                                                      \
        part = part + (value);                                                                     \
        (void)A, (void)B;                                                                          \
      }                                                                                            \
      sum = sum + part;                                                                            \
    }                                                                                              \
    (void)P;                                                                                       \
    return NAME(sum_of_lanes)(sum);                                                                \
  }
#endif
