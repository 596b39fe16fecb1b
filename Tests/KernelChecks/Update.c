// Checks of the optimizer rows: PyTorch 2.13 on constant gradients, and independence of the cut.
#include "Check.h"

enum { steps = 3, room = 1003 };

typedef struct trace {
  const char *name;
  tk_update row;
  double scalars[10], first[10];   // `first` differs where the first step does
  double values[2];              // after three steps from 1 and -2 with gradients 0.1 and -0.2
} trace;

// Adam's corrections for beta1 = 0.9, beta2 = 0.999 at a step.
static void correct(trace *t, int step, double learning_rate) {
  t->scalars[0] = learning_rate / (1 - pow(0.9, step));
  t->scalars[4] = sqrt(1 - pow(0.999, step));
}

#define ADAM(penalty, decay) {0, 1 - 0.9, 0.999, 1 - 0.999, 0, 1e-8, penalty, decay, 0, 1}
static const trace traces[] = {
  {"SGD", tk_update_sgd_momentum, {0.1, 0, 0.9, 1, 0, 1}, {0}, {0.9439, -1.8878}},
  {"SGD with dampening", tk_update_sgd_momentum, {0.1, 0, 0.9, 0.5, 0, 1}, {0.1, 0, 0.9, 1, 0, 1},
    {0.9584, -1.9168}},
  {"SGD by Nesterov", tk_update_sgd_momentum, {0.1, 0, 0.9, 1, 0.9, 1}, {0}, {0.91951, -1.83902}},
  {"plain SGD", tk_update_sgd, {0.1, 0, 1}, {0}, {0.97, -1.94}},
  {"Adam", tk_update_adam, ADAM(0, 1), {0}, {0.9970000003, -1.99700000015}},
  {"AdamW", tk_update_adam, ADAM(0, 1 - 1e-3 * 1e-2), {0},
    {0.9969700305998961, -1.9969400307498968}},
  {"Adam with amsgrad", tk_update_amsgrad, ADAM(0.1, 1), {0},
    {0.9970000480398042, -1.9970000239861088}},
  {"Adagrad", tk_update_adagrad, {1e-2, 1e-10, 0, 1}, {0},
    {0.9771554295145716, -1.9771554295054048}},
  {"Adadelta", tk_update_adadelta, {1, 0.9, 1 - 0.9, 1e-6, 0, 1}, {0},
    {0.990297446262971, -1.9902937282932203}},
  {"Lion", tk_update_lion, {1e-2, 1 - 0.9, 1 - 0.99, 1, 1}, {0}, {0.97, -1.97}},
  {"RMSprop", tk_update_rmsprop, {1e-2, 0.99, 1 - 0.99, 1e-8, 0, 0, 1}, {0},
    {0.7710871549426903, -1.7710870629827284}},
  {"centered RMSprop", tk_update_rmsprop_centered_momentum,
    {1e-2, 0.99, 1 - 0.99, 1e-8, 0.9, 0, 1}, {0}, {0.5326809597380466, -1.5326807568118965}},
};

static void check_trace(trace t, tk_dtype dtype) {
  double memory[2 + TK_MAX_STATES][2] = {0};
  static const double start[] = {1, -2, 0.1, -0.2};
  for (int i = 0; i < 4; i++) set_element(dtype, memory[i / 2], i % 2, start[i]);
  void *states[] = {memory[2], memory[3], memory[4], memory[5]};
  for (int step = 1; step <= steps; step++) {
    if (t.row == tk_update_adam || t.row == tk_update_amsgrad) correct(&t, step, 1e-3);
    bool special = step == 1 && t.first[0] != 0;
    tk_update_run(t.row, dtype, special ? t.first : t.scalars, memory[0], memory[1], states, 0, 2);
  }
  double bound = dtype == tk_float64 ? 1e-12 : 1e-4;
  for (int i = 0; i < 2; i++) {
    double x = element(dtype, memory[0], i);
    CHECK(fabs(x - t.values[i]) <= bound, "%s dtype %d: %.16g for %.16g", t.name, dtype, x,
      t.values[i]);
  }
}

// Ten steps on random gradients, in one piece or in many; the last scalar scales the gradient.
static void run(tk_update row, tk_dtype dtype, bool cut, double scale,
  double memory[2 + TK_MAX_STATES][room]) {
  tk_update_row about = tk_update_describe(row);
  double scalars[16];
  for (int k = 0; k < about.scalars; k++) scalars[k] = 0.5 / (k + 1);
  scalars[about.scalars - 1] = scale;
  memset(memory, 0, sizeof(double[2 + TK_MAX_STATES][room]));
  void *states[] = {memory[2], memory[3], memory[4], memory[5]};
  for (int64_t i = 0; i < room; i++) set_element(dtype, memory[0], i, sin((double)i));
  for (int step = 0; step < 10; step++) {
    for (int64_t i = 0; i < room; i++)
      set_element(dtype, memory[1], i, cos((double)(i * step)) * 0.25 / scale);
    for (int64_t begin = 0, end; begin < room; begin = end) {
      end = cut ? begin + 1 + (int64_t)(random_word() % 300) : room;
      if (end > room) end = room;
      tk_update_run(row, dtype, scalars, memory[0], memory[1], states, begin, end);
    }
  }
}
static void check_row(tk_update row, tk_dtype dtype) {
  static double whole[2 + TK_MAX_STATES][room], other[2 + TK_MAX_STATES][room];
  tk_update_row about = tk_update_describe(row);
  run(row, dtype, false, 1, whole);
  run(row, dtype, true, 1, other);
  CHECK(memcmp(whole, other, sizeof whole) == 0, "%s depends on the cut", about.name);
  run(row, dtype, false, 0.5, other);
  size_t bytes = room * (size_t)tk_element_size(dtype);
  CHECK(memcmp(whole[0], other[0], bytes) == 0, "%s: scale of the gradient", about.name);
  for (int k = about.states; k < TK_MAX_STATES; k++)
    for (int i = 0; i < room; i++) CHECK(whole[2 + k][i] == 0, "%s: too many states", about.name);
}

// A step in half precision is that in float32 between two conversions; its rounding is right on
// average, and independent of the cut.
static void check_half(tk_dtype dtype, tk_rounding rounding) {
  enum { n = 1 << 16 };
  static uint16_t weights[2][n];
  static int16_t rest[2][n];
  static float gradient[n], exact[n];
  double ulps = 0, ulp = dtype == tk_float16 ? 0x1p-10 : 0x1p-7;
  for (int64_t i = 0; i < n; i++) {
    set_element(dtype, weights[0], i, 1);
    weights[1][i] = weights[0][i];
    rest[0][i] = rest[1][i] = 0;
    gradient[i] = (float)(random_between(0, 1) * ulp);
    exact[i] = 1;
  }
  double scalars[] = {1, 0, 1};
  for (uint64_t step = 0; step < 8; step++) {
    tk_update_run(tk_update_sgd, tk_float32, scalars, exact, gradient, NULL, 0, n);
    for (int cut = 0; cut < 2; cut++) {
      tk_rounded half = {weights[cut], rest[cut], dtype, rounding, {3, step * (n / 8)}};
      for (int64_t begin = 0, end; begin < n; begin = end) {
        end = cut ? begin + 1 + (int64_t)(random_word() % 3000) : n;
        if (end > n) end = n;
        tk_update_run_rounded(tk_update_sgd, scalars, &half, tk_float32, gradient, NULL, begin, end);
      }
    }
  }
  CHECK(memcmp(weights[0], weights[1], sizeof weights[0]) == 0, "half depends on the cut");
  CHECK(memcmp(rest[0], rest[1], sizeof rest[0]) == 0, "compensation depends on the cut");
  for (int64_t i = 0; i < n; i++) {
    double distance = (element(dtype, weights[0], i) - exact[i]) / ulp;
    ulps += distance / n;
    if (rounding == tk_round_compensated)
      CHECK(fabs(distance) <= 0.5, "dtype %d: %g ulp from float32", dtype, distance);
  }
  if (rounding == tk_round_stochastic)
    CHECK(fabs(ulps) < 0.02, "dtype %d: %g ulp from float32 on average", dtype, ulps);
}

// With states in bfloat16 a step of any row is that in float32 on what they widen to; what is kept
// of it is one of the two neighbours, right on average, and independent of the cut.
static void check_states(tk_update row) {
  enum { n = 1 << 13 };
  static uint16_t kept[2][TK_MAX_STATES][n];
  static float weights[3][n], wide[TK_MAX_STATES][n], gradient[n];
  tk_update_row about = tk_update_describe(row);
  double scalars[16], ulps = 0;
  for (int k = 0; k < about.scalars; k++) scalars[k] = 0.5 / (k + 1);
  for (int64_t i = 0; i < n; i++) {
    gradient[i] = (float)cos((double)i);
    for (int w = 0; w < 3; w++) weights[w][i] = (float)sin((double)i);
    for (int k = 0; k < TK_MAX_STATES; k++) {
      // The first is a square where a row takes a root of it less that of another.
      double size = 0.5 + fabs(sin((double)(i * (k + 2))));
      set_element(tk_bfloat16, kept[0][k], i, k == 0 ? size : size / 8);
      kept[1][k][i] = kept[0][k][i];
      wide[k][i] = (float)element(tk_bfloat16, kept[0][k], i);
    }
  }
  void *exact[] = {wide[0], wide[1], wide[2], wide[3]};
  tk_update_run(row, tk_float32, scalars, weights[2], gradient, exact, 0, n);
  for (int cut = 0; cut < 2; cut++) {
    tk_rounded whole = {weights[cut], NULL, tk_float32, tk_round_nearest, {0, 0}};
    tk_rounded states[TK_MAX_STATES];
    for (int k = 0; k < TK_MAX_STATES; k++)
      states[k] = (tk_rounded){kept[cut][k], NULL, tk_bfloat16, tk_round_stochastic,
        {(uint64_t)k + 1, 7}};
    for (int64_t begin = 0, end; begin < n; begin = end) {
      end = cut ? begin + 1 + (int64_t)(random_word() % 3000) : n;
      if (end > n) end = n;
      tk_update_run_rounded(row, scalars, &whole, tk_float32, gradient, states, begin, end);
    }
  }
  CHECK(memcmp(kept[0], kept[1], sizeof kept[0]) == 0, "%s: states depend on the cut", about.name);
  CHECK(memcmp(weights[0], weights[2], sizeof weights[0]) == 0, "%s: weights", about.name);
  CHECK(memcmp(weights[1], weights[2], sizeof weights[0]) == 0, "%s: cut weights", about.name);
  for (int k = 0; k < about.states; k++)
    for (int64_t i = 0; i < n; i++) {
      double ulp = exp2(floor(log2(fabs(wide[k][i]) + 0x1p-100)) - 7);
      double distance = (element(tk_bfloat16, kept[0][k], i) - wide[k][i]) / ulp;
      CHECK(fabs(distance) < 1, "%s: state %d is %g ulp away", about.name, k, distance);
      ulps += distance / n;
    }
  CHECK(fabs(ulps) < 0.04, "%s: states are %g ulp away on average", about.name, ulps);
}

int main(void) {
  for (tk_update row = 0; row < tk_update_count; row++) check_states(row);
  for (tk_dtype dtype = tk_float16; dtype <= tk_bfloat16; dtype++)
    for (tk_rounding rounding = tk_round_nearest; rounding <= tk_round_compensated; rounding++)
      check_half(dtype, rounding);
  for (tk_dtype dtype = tk_float32; dtype <= tk_float64; dtype++) {
    for (size_t k = 0; k < sizeof traces / sizeof *traces; k++) check_trace(traces[k], dtype);
    for (tk_update row = 0; row < tk_update_count; row++) check_row(row, dtype);
  }
  return report("Update");
}
