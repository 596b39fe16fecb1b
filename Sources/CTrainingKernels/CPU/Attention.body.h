#include "LanesArithmetic.h"
#include "LanesFolds.h"
#include "LanesMath.h"
#include "Stage.h"

#ifndef HEAD
#define HEAD NAME(head)
#define ROOM NAME(attention_room)
#endif

// Products of bfloat16 need no wider operands where the machine has them: weights and slopes are
// rounded instead, as the values and gradients that they are multiplied with were.
INLINE bool NAME(keeps_halves)(const tk_attention *a) {
  return COMPUTE_BITS == 32 && a->dtype == tk_bfloat16 && tk_isa_level() == tk_isa_amx;
}
INLINE bool NAME(widens)(const tk_attention *a) {
  return a->dtype != REAL_DTYPE && !NAME(keeps_halves)(a);
}
// What products read; they write REAL.
INLINE tk_dtype NAME(multiplied)(const tk_attention *a) {
  return NAME(keeps_halves)(a) ? a->dtype : REAL_DTYPE;
}

// The matrix of one head: in place, or widened.
typedef struct HEAD { const char *data; int64_t row; } HEAD;

// Scratch memory. What is not needed has no bytes.
typedef struct ROOM {
  // From row to row of scores, which are followed by whole lanes of zeros.
  int64_t span;
  REAL *scores, *slopes, *query, *key, *value, *gradient, *tile, *keys, *values;
  // Scores and slopes as products read them.
  void *weights, *changes;
  char *product;
  size_t bytes;
} ROOM;

// Without memory only the bytes are counted.
static REAL *NAME(reserve)(ROOM *room, char *memory, int64_t count) {
  REAL *place = memory ? (REAL *)(memory + room->bytes) : NULL;
  room->bytes += ((size_t)count * sizeof(REAL) + 63) / 64 * 64;
  return place;
}

static size_t NAME(most_of_products)(
  const tk_attention *a, const tk_attention_gradients *g, int64_t span) {
  size_t most = 0;
  bool widens = NAME(widens)(a);
  tk_dtype read = NAME(multiplied)(a);
  int64_t query = widens ? a->features : a->query.row, key = widens ? a->features : a->key.row;
  int64_t value = widens ? a->outputs : a->value.row;
  int64_t slope = widens || !g ? a->outputs : g->result.row;
  for (int64_t first = 0; first < a->targets; first += TILE_TARGETS) {
    int64_t n = attention_least(TILE_TARGETS, a->targets - first);
    int64_t seen = attention_seen(a, first + n);
    tk_gemm products[] = {
      attention_product(read, REAL_DTYPE, n, seen, a->features, query, 1, 1, key, span),
      attention_product(read, REAL_DTYPE, n, a->outputs, seen, span, 1, value, 1, a->outputs),
      attention_product(read, REAL_DTYPE, n, seen, a->outputs, slope, 1, 1, value, span),
      attention_product(read, REAL_DTYPE, n, a->features, seen, span, 1, key, 1, a->features),
      attention_product(read, REAL_DTYPE, seen, a->features, n, 1, span, query, 1, a->features),
      attention_product(read, REAL_DTYPE, seen, a->outputs, n, 1, span, slope, 1, a->outputs),
    };
    for (int i = 0; i < (g ? 6 : 2); i++) {
      size_t bytes = tk_gemm_workspace(&products[i]);
      if (bytes > most) most = bytes;
    }
  }
  return most;
}

static ROOM NAME(attention_room_of)(const tk_attention *a, bool backward, char *memory) {
  ROOM room = {.span = (a->sources + LANES - 1) / LANES * LANES};
  while (gemm_aliases(room.span, sizeof(REAL))) room.span += LANES;
  bool widens = NAME(widens)(a), rounds = a->dtype != REAL_DTYPE;
  int64_t tile = attention_least(TILE_TARGETS, a->targets);
  int64_t queries = !widens ? 0 : backward ? a->targets : UNIT_TARGETS;
  int64_t sources = widens ? a->sources : 0, sums = backward && rounds ? a->sources : 0;
  room.scores = NAME(reserve)(&room, memory, tile * room.span);
  room.slopes = NAME(reserve)(&room, memory, backward ? tile * room.span : 0);
  room.query = NAME(reserve)(&room, memory, queries * a->features);
  room.key = NAME(reserve)(&room, memory, sources * a->features);
  room.value = NAME(reserve)(&room, memory, sources * a->outputs);
  room.gradient = NAME(reserve)(&room, memory, backward ? queries * a->outputs : 0);
  room.tile = NAME(reserve)(
    &room, memory, rounds ? tile * (backward ? a->features : a->outputs) : 0);
  room.keys = NAME(reserve)(&room, memory, sums * a->features);
  room.values = NAME(reserve)(&room, memory, sums * a->outputs);
  room.weights = room.scores, room.changes = room.slopes;
  if (NAME(keeps_halves)(a)) {
    room.weights = NAME(reserve)(&room, memory, tile * room.span / 2);
    room.changes = NAME(reserve)(&room, memory, backward ? tile * room.span / 2 : 0);
  }
  room.product = memory ? memory + room.bytes : NULL;
  return room;
}

static size_t NAME(attention_workspace)(
  const tk_attention *a, const tk_attention_gradients *gradients) {
  ROOM room = NAME(attention_room_of)(a, gradients != NULL, NULL);
  return (room.bytes + NAME(most_of_products)(a, gradients, room.span) + 63) / 64 * 64;
}

static char *NAME(place)(const tk_attention *a, const tk_heads *m, int64_t head, int64_t row) {
  int64_t offset = head / a->heads * m->batch + head % a->heads * m->head + row * m->row;
  return (char *)m->data + offset * tk_element_size(a->dtype);
}
// Rows of a head's matrix as products read them, widened into `room` where they are not that already.
static HEAD NAME(rows_of)(const tk_attention *a, const tk_heads *m, int64_t head, int64_t first,
  int64_t rows, int64_t columns, REAL *room) {
  const char *data = NAME(place)(a, m, head, first);
  if (!NAME(widens)(a)) return (HEAD){data, m->row};
  for (int64_t i = 0; i < rows; i++)
    NAME(tk_widen)(a->dtype, columns, data + i * m->row * tk_element_size(a->dtype), 1,
                   room + i * columns);
  return (HEAD){(const char *)room, columns};
}

static void NAME(multiply_heads)(
  tk_gemm g, const void *a, const void *b, REAL *c, bool adds, const ROOM *room) {
  g.a = a, g.b = b, g.c = c, g.beta = adds;
  tk_gemm_run(&g, room->product, 0, tk_gemm_block_count(&g));
}

// Beside the greatest, whose weight is one, what is less than this has none: its exponential would be
// lost in any sum, and is slow where it is subnormal.
#define LEAST_SCORE SPLAT(-80)

// A row of products becomes exp(scale x - greatest), with zeros where the target does not see, up to
// whole lanes. Returns one over the sum, or 0 when nothing is seen.
static REAL NAME(weigh)(REAL *row, int64_t seen, int64_t end, REAL scale, const uint8_t *mask,
                        int64_t step) {
  V greatest = -CONSTANT(infinity), sum = ZERO;
  int64_t near = (seen + LANES - 1) / LANES * LANES;
  for (int64_t j = 0; j < seen; j += LANES) STORE(row + j, LOAD(row + j) * SPLAT(scale));
  for (int64_t j = seen; j < near; j++) row[j] = -NAME(infinity);
  for (int64_t j = near; j < end; j += LANES) STORE(row + j, ZERO);
  if (mask)
    for (int64_t j = 0; j < seen; j++)
      if (!mask[j * step]) row[j] = -NAME(infinity);
  for (int64_t j = 0; j < near; j += LANES) greatest = MAXIMUM(greatest, LOAD(row + j));
  REAL most = NAME(greatest_of_lanes)(greatest);
  if (most == -NAME(infinity)) most = 0;
  for (int64_t j = 0; j < near; j += LANES) {
    V score = LOAD(row + j) - SPLAT(most);
    M none = LT(score, LEAST_SCORE);
    V weights = SELECT(none, ZERO, EXP(SELECT(none, ZERO, score)));
    STORE(row + j, weights);
    sum = sum + weights;
  }
  REAL total = NAME(sum_of_lanes)(sum);
  return total == 0 ? 0 : 1 / total;
}
#undef LEAST_SCORE

INLINE HEAD NAME(rows_from)(const tk_attention *a, HEAD m, int64_t row) {
  return (HEAD){m.data + row * m.row * tk_element_size(NAME(multiplied)(a)), m.row};
}

// A tile of targets: its first one in the sequence, how many, and the sources that any of them sees.
typedef struct NAME(targets) { int64_t head, first, count, seen, end; } NAME(targets);

static NAME(targets) NAME(targets_from)(
  const tk_attention *a, int64_t head, int64_t first, int64_t limit) {
  int64_t count = attention_least(TILE_TARGETS, limit - first);
  int64_t seen = attention_seen(a, first + count);
  return (NAME(targets)){head, first, count, seen, (seen + LANES - 1) / LANES * LANES};
}

// The weights of a tile, whose sums are in `inverses`.
static void NAME(weights)(const tk_attention *a, const NAME(targets) *t, HEAD query, HEAD key,
  const ROOM *room, REAL *inverses) {
  tk_gemm product = attention_product(
    NAME(multiplied)(a), REAL_DTYPE, t->count, t->seen, a->features, query.row, 1, 1, key.row, room->span);
  NAME(multiply_heads)(product, query.data, key.data, room->scores, false, room);
  for (int64_t i = 0; i < t->count; i++) {
    const tk_heads *m = &a->mask;
    const uint8_t *mask = m->data;
    if (mask)
      mask += t->head / a->heads * m->batch + t->head % a->heads * m->head + (t->first + i) * m->row;
    inverses[i] = NAME(weigh)(room->scores + i * room->span, attention_seen(a, t->first + i + 1),
                              t->end, (REAL)a->scale, mask, a->mask_step);
  }
}

// Rows of scores or slopes as products read them.
static void NAME(settle)(const tk_attention *a, const NAME(targets) *t, const ROOM *room,
  const REAL *rows, void *to) {
  for (int64_t i = 0; to != rows && i < t->count; i++)
    NAME(tk_narrow)(a->dtype, t->seen, rows + i * room->span, (uint16_t *)to + i * room->span, 1);
}

// Targets of a head, from `first` to the end of the unit.
static void NAME(attend)(
  const tk_attention *a, const tk_heads *result, char *memory, int64_t head, int64_t first) {
  ROOM room = NAME(attention_room_of)(a, false, memory);
  int64_t limit = attention_least(first + UNIT_TARGETS, a->targets), sources = a->sources;
  bool rounds = a->dtype != REAL_DTYPE;
  HEAD query = NAME(rows_of)(a, &a->query, head, first, limit - first, a->features, room.query);
  HEAD key = NAME(rows_of)(a, &a->key, head, 0, sources, a->features, room.key);
  HEAD value = NAME(rows_of)(a, &a->value, head, 0, sources, a->outputs, room.value);
  REAL inverses[TILE_TARGETS];
  while (first < limit) {
    NAME(targets) t = NAME(targets_from)(a, head, first, limit);
    NAME(weights)(a, &t, query, key, &room, inverses);
    char *to = NAME(place)(a, result, head, first);
    REAL *means = rounds ? room.tile : (REAL *)to;
    int64_t row = rounds ? a->outputs : result->row;
    NAME(settle)(a, &t, &room, room.scores, room.weights);
    tk_gemm product = attention_product(
      NAME(multiplied)(a), REAL_DTYPE, t.count, a->outputs, t.seen, room.span, 1, value.row, 1, row);
    NAME(multiply_heads)(product, room.weights, value.data, means, false, &room);
    for (int64_t i = 0; i < t.count; i++) {
      for (int64_t j = 0; j < a->outputs; j++) means[i * row + j] *= inverses[i];
      if (rounds)
        NAME(tk_narrow)(a->dtype, a->outputs, means + i * row,
                        to + i * result->row * tk_element_size(a->dtype), 1);
    }
    query = NAME(rows_from)(a, query, t.count);
    first += t.count;
  }
}

// Scores become weights p, and slopes, the products of the gradient and the values, become those of
// the products of queries and keys: scale p (slope - sum of p slope).
static void NAME(slope_row)(REAL *scores, REAL *slopes, int64_t seen, int64_t end, REAL inverse,
                            REAL scale) {
  V sum = ZERO, total;
  for (int64_t j = seen; j < end; j++) slopes[j] = 0;
  for (int64_t j = 0; j < end; j += LANES) {
    V weights = LOAD(scores + j) * SPLAT(inverse);
    STORE(scores + j, weights);
    sum = FMA(weights, LOAD(slopes + j), sum);
  }
  total = SPLAT(NAME(sum_of_lanes)(sum));
  for (int64_t j = 0; j < end; j += LANES)
    STORE(slopes + j, LOAD(scores + j) * SPLAT(scale) * (LOAD(slopes + j) - total));
}

// A matrix of zeros to sum up in: the result itself where it is REAL.
static REAL *NAME(sums)(const tk_attention *a, const tk_heads *m, int64_t head, int64_t rows,
  int64_t columns, REAL *room, int64_t *row) {
  bool rounds = a->dtype != REAL_DTYPE;
  REAL *to = rounds ? room : (REAL *)NAME(place)(a, m, head, 0);
  *row = rounds ? columns : m->row;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[i * *row + j] = 0;
  return to;
}
static void NAME(round_off)(const tk_attention *a, const tk_heads *m, int64_t head, int64_t first,
  int64_t rows, int64_t columns, const REAL *from) {
  if (a->dtype == REAL_DTYPE) return;
  char *to = NAME(place)(a, m, head, first);
  for (int64_t i = 0; i < rows; i++)
    NAME(tk_narrow)(a->dtype, columns, from + i * columns,
                    to + i * m->row * tk_element_size(a->dtype), 1);
}

static void NAME(attention_slopes)(
  const tk_attention *a, const tk_attention_gradients *g, char *memory, int64_t head) {
  ROOM room = NAME(attention_room_of)(a, true, memory);
  int64_t sources = a->sources, f = a->features, o = a->outputs, span = room.span;
  bool rounds = a->dtype != REAL_DTYPE;
  tk_dtype read = NAME(multiplied)(a);
  HEAD query = NAME(rows_of)(a, &a->query, head, 0, a->targets, f, room.query);
  HEAD key = NAME(rows_of)(a, &a->key, head, 0, sources, f, room.key);
  HEAD value = NAME(rows_of)(a, &a->value, head, 0, sources, o, room.value);
  HEAD slope = NAME(rows_of)(a, &g->result, head, 0, a->targets, o, room.gradient);
  int64_t key_row, value_row, query_row = rounds ? f : g->query.row;
  REAL *keys = NAME(sums)(a, &g->key, head, sources, f, room.keys, &key_row);
  REAL *values = NAME(sums)(a, &g->value, head, sources, o, room.values, &value_row);
  REAL inverses[TILE_TARGETS];
  for (int64_t first = 0; first < a->targets; first += TILE_TARGETS) {
    NAME(targets) t = NAME(targets_from)(a, head, first, a->targets);
    HEAD q = NAME(rows_from)(a, query, first), r = NAME(rows_from)(a, slope, first);
    NAME(weights)(a, &t, q, key, &room, inverses);
    NAME(multiply_heads)(
      attention_product(read, REAL_DTYPE, t.count, t.seen, o, slope.row, 1, 1, value.row, span),
      r.data, value.data, room.slopes, false, &room);
    for (int64_t i = 0; i < t.count; i++)
      NAME(slope_row)(room.scores + i * span, room.slopes + i * span, t.seen, t.end, inverses[i],
                      (REAL)a->scale);
    NAME(settle)(a, &t, &room, room.scores, room.weights);
    NAME(settle)(a, &t, &room, room.slopes, room.changes);
    REAL *queries = rounds ? room.tile : (REAL *)NAME(place)(a, &g->query, head, first);
    NAME(multiply_heads)(
      attention_product(read, REAL_DTYPE, t.count, f, t.seen, span, 1, key.row, 1, query_row),
      room.changes, key.data, queries, false, &room);
    NAME(round_off)(a, &g->query, head, first, t.count, f, queries);
    NAME(multiply_heads)(
      attention_product(read, REAL_DTYPE, t.seen, f, t.count, 1, span, query.row, 1, key_row),
      room.changes, q.data, keys, true, &room);
    NAME(multiply_heads)(
      attention_product(read, REAL_DTYPE, t.seen, o, t.count, 1, span, slope.row, 1, value_row),
      room.weights, r.data, values, true, &room);
  }
  NAME(round_off)(a, &g->key, head, 0, sources, f, keys);
  NAME(round_off)(a, &g->value, head, 0, sources, o, values);
}
