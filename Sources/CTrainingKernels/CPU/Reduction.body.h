#include "LanesArithmetic.h"
#include "Stage.h"

#if IS_REAL
#define LEAST SPLAT(-NAME(infinity))
#define GREATEST SPLAT(NAME(infinity))
#else
#define LEAST SPLAT(INT64_MIN)
#define GREATEST SPLAT(INT64_MAX)
#endif
// Accumulators of a fold along a run, enough to hide the latency of an addition.
#define RUN_LANES (4 * LANES)

// How a row folds. `sums` holds n accumulators, and n is a multiple of LANES (of RUN_LANES for
// `run`).
typedef struct NAME(rules) {
  void (*start)(int64_t n, REAL *sums);
  // sums[i mod RUN_LANES] takes x[i].
  void (*run)(int64_t n, const REAL *x, REAL *sums);
  // sums[i] takes x[i].
  void (*row)(int64_t n, const REAL *x, REAL *sums);
  // sums[i] takes x[i] of four rows, one after another.
  void (*four_rows)(int64_t n, const REAL *const *x, REAL *sums);
  // sums[i] takes others[i].
  void (*join)(int64_t n, const REAL *others, REAL *sums);
  // One result of RUN_LANES sums.
  REAL (*finish)(const REAL *sums);
} NAME(rules);

#define DEFINE_RULES(name, begin, value, both)                                                     \
  INLINE V NAME(name##_of)(V X) { return value; }                                                  \
  INLINE V NAME(name##_both)(V A, V B) { return both; }                                            \
  static void NAME(name##_start)(int64_t n, REAL *sums) {                                          \
    for (int64_t i = 0; i < n; i += LANES) STORE(sums + i, begin);                                 \
  }                                                                                                \
  static void NAME(name##_run)(int64_t n, const REAL *x, REAL *sums) {                             \
    V a[4];                                                                                        \
    for (int k = 0; k < 4; k++) a[k] = LOAD(sums + k * LANES);                                     \
    for (int64_t i = 0; i < n; i += RUN_LANES)                                                     \
      for (int k = 0; k < 4; k++)                                                                  \
        a[k] = NAME(name##_both)(a[k], NAME(name##_of)(LOAD(x + i + k * LANES)));                  \
    for (int k = 0; k < 4; k++) STORE(sums + k * LANES, a[k]);                                     \
  }                                                                                                \
  static void NAME(name##_row)(int64_t n, const REAL *x, REAL *sums) {                             \
    for (int64_t i = 0; i < n; i += LANES)                                                         \
      STORE(sums + i, NAME(name##_both)(LOAD(sums + i), NAME(name##_of)(LOAD(x + i))));            \
  }                                                                                                \
  static void NAME(name##_four_rows)(int64_t n, const REAL *const *x, REAL *sums) {                \
    for (int64_t i = 0; i < n; i += LANES) {                                                       \
      V sum = LOAD(sums + i);                                                                      \
      for (int k = 0; k < 4; k++) sum = NAME(name##_both)(sum, NAME(name##_of)(LOAD(x[k] + i)));   \
      STORE(sums + i, sum);                                                                        \
    }                                                                                              \
  }                                                                                                \
  static void NAME(name##_join)(int64_t n, const REAL *others, REAL *sums) {                       \
    for (int64_t i = 0; i < n; i += LANES)                                                         \
      STORE(sums + i, NAME(name##_both)(LOAD(sums + i), LOAD(others + i)));                        \
  }                                                                                                \
  static REAL NAME(name##_finish)(const REAL *sums) {                                              \
    REAL folded[2 * LANE_BYTES / sizeof(REAL)] = {0};                                              \
    V a = NAME(name##_both)(LOAD(sums), LOAD(sums + LANES));                                       \
    V b = NAME(name##_both)(LOAD(sums + 2 * LANES), LOAD(sums + 3 * LANES));                       \
    V all = NAME(name##_both)(a, b);                                                               \
    for (int64_t n = LANES / 2; n > 0; n /= 2) {                                                   \
      STORE(folded, all);                                                                          \
      all = NAME(name##_both)(all, LOAD(folded + n));                                              \
    }                                                                                              \
    return all[0];                                                                                 \
  }
#define REDUCTION DEFINE_RULES
#include "../Tables/Reduction.h"

static const NAME(rules) NAME(all_rules)[] = {
#define REDUCTION(name, ...)                                                                       \
  [tk_reduction_##name] = {                                                                        \
    NAME(name##_start), NAME(name##_run), NAME(name##_row), NAME(name##_four_rows),                \
    NAME(name##_join), NAME(name##_finish)},
#include "../Tables/Reduction.h"
};

// A fold of all reduced points: along the run into `width` = RUN_LANES partial sums of one result,
// or row by row into the sums of `points` neighbouring results, padded to `width`.
typedef struct NAME(fold) {
  const NAME(rules) *rules;
  tk_space reduced;
  tk_operand source;       // at the first result's points
  int64_t kept_stride, points, width, leaf;
  void (*fold_leaf)(const struct NAME(fold) *fold, int64_t first, int64_t count, REAL *sums);
} NAME(fold);

// Halves until the leaf, so that the error of a sum grows with the logarithm of the count.
static void NAME(fold_points)(
  const NAME(fold) *fold, int64_t first, int64_t count, REAL *sums) {
  if (count <= fold->leaf) {
    fold->rules->start(fold->width, sums);
    if (count) fold->fold_leaf(fold, first, count, sums);
    return;
  }
  REAL others[TK_BLOCK];
  int64_t half = (count + fold->leaf - 1) / fold->leaf / 2 * fold->leaf;
  NAME(fold_points)(fold, first, half, sums);
  NAME(fold_points)(fold, first + half, count - half, others);
  fold->rules->join(fold->width, others, sums);
}

static void NAME(fold_run)(const NAME(fold) *fold, int64_t first, int64_t count, REAL *sums) {
  const REAL *direct = NAME(tk_in_place)(&fold->reduced, &fold->source);
  int64_t whole = direct ? count / RUN_LANES * RUN_LANES : 0;
  if (whole) fold->rules->run(whole, direct + first, sums);
  REAL buffer[TK_CHUNK];
  for (int64_t at = whole, n; at < count; at += n) {
    n = count - at < TK_CHUNK ? count - at : TK_CHUNK;
    int64_t padded = (n + RUN_LANES - 1) / RUN_LANES * RUN_LANES;
    fold->rules->start(padded, buffer);
    NAME(tk_stage_read)(&fold->reduced, &fold->source, first + at, n, buffer);
    fold->rules->run(padded, buffer, sums);
  }
}
static void NAME(fold_rows)(const NAME(fold) *fold, int64_t first, int64_t count, REAL *sums) {
  const tk_operand *source = &fold->source;
  bool whole = fold->points == fold->width;
  bool direct = whole && fold->kept_stride == 1 && source->dtype == REAL_DTYPE;
  int32_t size = tk_element_size(source->dtype);
  tk_walk walk = tk_walk_from(&fold->reduced, source->strides, first);
  REAL buffer[TK_BLOCK];
  fold->rules->start(fold->width, buffer);
  int64_t i = 0;
  for (; direct && i + 4 <= count; i += 4) {
    const REAL *rows[4];
    for (int k = 0; k < 4; k++, tk_walk_advance(&walk, 1))
      rows[k] = (const REAL *)source->data + walk.offset;
    fold->rules->four_rows(fold->width, rows, sums);
  }
  for (; i < count; i++, tk_walk_advance(&walk, 1)) {
    const char *row = (const char *)source->data + walk.offset * size;
    if (!direct) NAME(tk_widen)(source->dtype, fold->points, row, fold->kept_stride, buffer);
    fold->rules->row(fold->width, direct ? (const REAL *)row : buffer, sums);
  }
}

static REAL NAME(fold_one)(const NAME(fold) *fold, int64_t first, int64_t count) {
  REAL sums[RUN_LANES];
  NAME(fold_points)(fold, first, count, sums);
  return fold->rules->finish(sums);
}

static NAME(fold) NAME(fold_of)(tk_reduction row, const tk_plan *plan) {
  return (NAME(fold)){.rules = &NAME(all_rules)[row], .reduced = plan->reduced,
    .source = plan->source, .kept_stride = plan->kept_strides[plan->kept.rank - 1],
    .points = 1, .width = RUN_LANES, .leaf = 4 * TK_CHUNK, .fold_leaf = NAME(fold_run)};
}
static void NAME(reduce)(tk_reduction row, const tk_plan *plan, char *out, tk_dtype out_dtype,
  int64_t begin, int64_t end) {
  NAME(fold) fold = NAME(fold_of)(row, plan);
  int32_t size = tk_element_size(fold.source.dtype), out_size = tk_element_size(out_dtype);
  tk_walk walk = tk_walk_from(&plan->kept, plan->kept_strides, begin);
  for (int64_t i = begin; i < end; tk_walk_advance(&walk, fold.points), i += fold.points) {
    REAL sums[TK_BLOCK];
    fold.source.data = (char *)plan->source.data + walk.offset * size;
    if (plan->by_rows) {
      int64_t run = tk_walk_run(&walk, end - i);
      fold.points = run < TK_BLOCK ? run : TK_BLOCK;
      fold.width = (fold.points + LANES - 1) / LANES * LANES;
      fold.leaf = TK_LEAF_ROWS, fold.fold_leaf = NAME(fold_rows);
      NAME(fold_points)(&fold, 0, plan->count, sums);
    } else {
      sums[0] = NAME(fold_one)(&fold, 0, plan->count);
    }
    NAME(tk_narrow)(out_dtype, fold.points, sums, out + i * out_size, 1);
  }
}

static bool NAME(is_nan)(REAL x) { return IS_REAL && !(x <= 0) && !(x > 0); }
static bool NAME(beats)(tk_reduction row, REAL a, REAL b) {
  if (NAME(is_nan)(b)) return false;
  return NAME(is_nan)(a) || (row == tk_reduction_maximum ? a > b : a < b);
}
// The first place of the extreme, which is sought again only in leaves that hold a better one.
static int64_t NAME(first_extreme)(tk_reduction row, const NAME(fold) *fold, int64_t count) {
  REAL best = 0, buffer[TK_CHUNK];
  int64_t place = 0;
  for (int64_t first = 0, n; first < count; first += n) {
    n = count - first < TK_CHUNK ? count - first : TK_CHUNK;
    REAL extreme = NAME(fold_one)(fold, first, n);
    if (first && !NAME(beats)(row, extreme, best)) continue;
    NAME(tk_stage_read)(&fold->reduced, &fold->source, first, n, buffer);
    int64_t i = 0;
    while (i < n - 1 && buffer[i] != extreme && !NAME(is_nan)(buffer[i])) i++;
    best = extreme, place = first + i;
  }
  return place;
}
static void NAME(find)(
  tk_reduction row, const tk_plan *plan, int64_t *out, int64_t begin, int64_t end) {
  NAME(fold) fold = NAME(fold_of)(row, plan);
  int32_t size = tk_element_size(fold.source.dtype);
  tk_walk walk = tk_walk_from(&plan->kept, plan->kept_strides, begin);
  for (int64_t i = begin; i < end; i++, tk_walk_advance(&walk, 1)) {
    fold.source.data = (char *)plan->source.data + walk.offset * size;
    out[i] = NAME(first_extreme)(row, &fold, plan->count);
  }
}
#undef LEAST
#undef GREATEST
