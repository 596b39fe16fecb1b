// Pointwise kernels: any layout, dtype and split gives the bits of one element at a time;
// derivatives agree with differences; values at corners.
#include "Check.h"

static double parameters_of(tk_unary row, int32_t i) {
  switch (row) {
    case tk_unary_clamp:
    case tk_unary_hardtanh: return i ? 1 : -1;
    case tk_unary_softplus: return i ? 20 : 1;
    case tk_unary_threshold: return i ? 9 : 0.5;
    case tk_unary_powScalar: return 2.5;
    case tk_unary_leakyReLU: return 0.01;
    default: return i ? 0 : 0.5;
  }
}

// An array of a shape's points in some layout, in the middle of memory that must stay untouched.
typedef struct array { tk_operand operand; char *memory; size_t bytes; } array;
enum { margin = 64 };

static int64_t count_of(tk_space space) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < space.rank; axis++) count *= space.shape[axis];
  return count;
}
static array array_of(tk_dtype dtype, tk_space space, int32_t layout) {
  int64_t strides[TK_MAX_RANK] = {0}, step = layout == 3 ? 2 : 1, first = 0;
  for (int32_t k = 0; k < space.rank; k++) {
    int32_t axis = layout == 1 ? k : space.rank - 1 - k;
    strides[axis] = step;
    step *= space.shape[axis];
  }
  if (layout == 2) first = (space.shape[0] - 1) * strides[0], strides[0] = -strides[0];
  if (layout == 4) strides[0] = 0;
  if (layout == 5) memset(strides, 0, sizeof strides);
  array a = {.bytes = (size_t)(2 * count_of(space) + 2 * margin) * 8};
  a.memory = malloc(a.bytes);
  memset(a.memory, 0x5a, a.bytes);
  a.operand = (tk_operand){.dtype = dtype, .data = a.memory + margin * 8};
  a.operand.data = (char *)a.operand.data + first * tk_element_size(dtype);
  memcpy(a.operand.strides, strides, sizeof strides);
  return a;
}
static char *point(const tk_operand *operand, tk_space space, int64_t position) {
  int64_t offset = 0;
  for (int32_t axis = space.rank - 1; axis >= 0; axis--) {
    offset += position % space.shape[axis] * operand->strides[axis];
    position /= space.shape[axis];
  }
  return (char *)operand->data + offset * tk_element_size(operand->dtype);
}
static void fill(array *a, tk_space space, double lower, double upper) {
  for (int64_t i = 0, n = count_of(space); i < n; i++) {
    char *at = point(&a->operand, space, i);
    double x = random_between(lower, upper);
    set_element(a->operand.dtype, at, 0, a->operand.dtype == tk_uint8 ? fabs(x) : x);
  }
}

typedef struct call {
  int32_t family, row, order, inputs;
  tk_compute compute;
  double parameters[2];
} call;
static void run(
  const call *c, tk_space space, const tk_operand *operands, int64_t begin, int64_t end) {
  const double *parameters = c->parameters;
  switch (c->family) {
    case 0: tk_unary_forward(c->row, c->compute, parameters, &space, operands, begin, end); break;
    case 1:
      tk_unary_derivative(
        c->row, c->order, c->compute, parameters, &space, operands, begin, end);
      break;
    case 2: tk_binary_forward(c->row, c->compute, &space, operands, begin, end); break;
    case 3: tk_select(c->compute, &space, operands, begin, end); break;
    default: tk_copy(&space, operands, begin, end);
  }
}

// The same call for one point at a time, on contiguous elements of the same dtypes.
static void check_points(const call *c, tk_space space, const array *arrays, const char *name) {
  tk_space single = {.rank = 0};
  for (int64_t i = 0, n = count_of(space); i < n; i++) {
    tk_operand operands[4];
    uint64_t written = 0;
    for (int32_t k = 0; k <= c->inputs; k++) {
      operands[k] = arrays[k].operand;
      if (operands[k].data) operands[k].data = point(&operands[k], space, i);
    }
    char *result = operands[0].data;
    operands[0].data = &written;
    run(c, single, operands, 0, 1);
    bool same = memcmp(result, &written, (size_t)tk_element_size(operands[0].dtype)) == 0;
    CHECK(same, "%s (family %d, order %d): point %lld differs", name, c->family, c->order,
      (long long)i);
    if (!same) return;
  }
}
static void check_call(const call *c, const char *name, double lower, double upper) {
  static const tk_space spaces[] = {
    {1, {1}}, {1, {7}}, {1, {64}}, {1, {1031}}, {2, {13, 5}}, {2, {3, 300}}, {3, {4, 1, 67}},
    {4, {3, 5, 7, 2}}, {0, {0}}};
  static const tk_dtype reals[] = {tk_float32, tk_float16, tk_bfloat16, tk_float64};
  static const tk_dtype integers[] = {tk_int64, tk_int32, tk_uint8, tk_bool};
  for (size_t s = 0; s < sizeof spaces / sizeof *spaces; s++) {
    tk_space space = spaces[s];
    array arrays[4];
    tk_operand operands[4];
    for (int32_t k = 0; k <= c->inputs; k++) {
      uint64_t word = random_word();
      bool plain = word % 3 == 0;
      tk_dtype dtype = (c->compute == tk_integer64 ? integers : reals)[plain ? 0 : word / 8 % 4];
      if (plain && c->compute == tk_real64) dtype = tk_float64;
      arrays[k] = array_of(dtype, space, plain ? 0 : (int32_t)(word / 64 % (k ? 6 : 4)));
      if (space.rank == 0) memset(arrays[k].operand.strides, 0, sizeof operands->strides);
      if (k) fill(&arrays[k], space, lower, upper);
      operands[k] = arrays[k].operand;
    }
    int64_t n = count_of(space), cut = (int64_t)(random_word() % (uint64_t)(n + 1));
    run(c, space, operands, cut, n);
    run(c, space, operands, 0, cut);
    check_points(c, space, arrays, name);
    for (int32_t k = 0; k <= c->inputs; k++) free(arrays[k].memory);
  }
}

static void check_rows(void) {
  for (int32_t row = 0; row < tk_unary_count; row++) {
    tk_unary_row d = tk_unary_describe(row);
    for (tk_compute compute = tk_real32; compute <= tk_integer64; compute++) {
      if (compute == tk_integer64 && !d.any) continue;
      call c = {0, row, 0, 1, compute, {parameters_of(row, 0), parameters_of(row, 1)}};
      check_call(&c, d.name, d.lower, d.upper);
      if (compute == tk_integer64) continue;
      c.family = 1, c.inputs = 3;
      for (c.order = 1; c.order <= 2; c.order++) check_call(&c, d.name, d.lower, d.upper);
    }
  }
  for (int32_t row = 0; row < tk_binary_count; row++) {
    tk_binary_row d = tk_binary_describe(row);
    for (tk_compute compute = tk_real32; compute <= tk_integer64; compute++) {
      call c = {2, row, 0, 2, compute, {0}};
      if (compute != tk_integer64 || d.any) check_call(&c, d.name, d.lower, d.upper);
    }
  }
  for (tk_compute compute = tk_real32; compute <= tk_integer64; compute++) {
    check_call(&(call){3, 0, 0, 3, compute, {0}}, "select", -2, 2);
    for (int times = 0; times < 20; times++)
      check_call(&(call){4, 0, 0, 1, compute, {0}}, "copy", -100, 100);
  }
}

// The derivative of `order`, against the difference of the one below.
static void check_derivative(tk_unary row, int32_t order) {
  tk_unary_row d = tk_unary_describe(row);
  double parameters[] = {parameters_of(row, 0), parameters_of(row, 1)}, h = 1e-5;
  tk_space space = line(1);
  for (int i = 0; i < 200; i++) {
    double x = random_between(d.lower, d.upper), value[3], slope = 0, one = 1;
    for (int side = 0; side < 3; side++) {
      double at = side < 2 ? x + (side ? h : -h) : x, y = 0;
      tk_operand forward[] = {lined(&y, tk_float64), lined(&at, tk_float64)};
      tk_unary_forward(row, tk_real64, parameters, &space, forward, 0, 1);
      value[side] = y;
      tk_operand operands[] = {lined(side < 2 ? &value[side] : &slope, tk_float64),
        lined(&one, tk_float64), lined(d.reads_input ? &at : NULL, tk_float64),
        lined(d.reads_output ? &y : NULL, tk_float64)};
      int32_t wanted = side < 2 ? order - 1 : order;
      if (wanted)
        tk_unary_derivative(row, wanted, tk_real64, parameters, &space, operands, 0, 1);
    }
    double difference = (value[1] - value[0]) / (2 * h);
    // Near a corner, a difference knows no slope.
    bool corner = fabs(difference) > 1000 || fabs(x - round(2 * x) / 2) < 2 * h;
    CHECK(corner || fabs(difference - slope) < 1e-5 * (1 + fabs(slope)),
      "%s order %d at %.17g: %.12g, by difference %.12g", d.name, order, x, slope, difference);
  }
}

typedef struct corner { tk_unary row; double x, y, slope; } corner;
static void check_corners(void) {
  const double nan = NAN, inf = INFINITY;
  const corner corners[] = {
    {tk_unary_relu, 0, 0, 0}, {tk_unary_relu, -0.0, -0.0, 0}, {tk_unary_relu, nan, nan, 1},
    {tk_unary_relu6, 0, 0, 0}, {tk_unary_relu6, 6, 6, 0}, {tk_unary_hardtanh, 1, 1, 0},
    {tk_unary_hardtanh, -1, -1, 0}, {tk_unary_clamp, 1, 1, 1}, {tk_unary_clamp, -1, -1, 1},
    {tk_unary_clamp, nan, nan, 0}, {tk_unary_leakyReLU, 0, 0, 0.01},
    {tk_unary_leakyReLU, -inf, -inf, 0.01}, {tk_unary_elu, 0, 0, 0.5},
    {tk_unary_elu, -inf, -0.5, 0},
    {tk_unary_celu, 0, 0, 1}, {tk_unary_selu, 0, 0, 1.7580993408473766},
    {tk_unary_selu, 1, 1.0507009873554805, 1.0507009873554805},
    {tk_unary_gelu, 0, 0, 0.5}, {tk_unary_gelu, inf, inf, nan}, {tk_unary_gelu, -inf, nan, nan},
    {tk_unary_silu, 0, 0, 0.5}, {tk_unary_silu, -inf, nan, nan}, {tk_unary_mish, 0, 0, 0.6},
    {tk_unary_softplus, -inf, 0, 0}, {tk_unary_softplus, 0, 0.69314718055994529, 0.5},
    {tk_unary_softplus, 21, 21, 1}, {tk_unary_hardswish, 0, 0, 0.5}, {tk_unary_hardswish, 3, 3, 1},
    {tk_unary_hardswish, -3, -0.0, 0}, {tk_unary_hardswish, -inf, nan, 0},
    {tk_unary_hardsigmoid, 3, 1, 0}, {tk_unary_hardsigmoid, -3, 0, 0},
    {tk_unary_softshrink, 0.5, 0, 0}, {tk_unary_softshrink, -0.5, 0, 0},
    {tk_unary_hardshrink, 0.5, 0, 0}, {tk_unary_hardshrink, -0.5, 0, 0},
    {tk_unary_tanhshrink, -0.0, 0, 0}, {tk_unary_tanhshrink, inf, inf, 1},
    {tk_unary_logSigmoid, -inf, -inf, 1}, {tk_unary_logSigmoid, -200, -200, 1},
    {tk_unary_logSigmoid, 0, -0.69314718055994529, 0.5}, {tk_unary_softsign, 0, 0, 1},
    {tk_unary_softsign, inf, nan, 0}, {tk_unary_threshold, 0.5, 9, 0}, {tk_unary_abs, 0, 0, 0},
    {tk_unary_abs, -2, 2, -1}, {tk_unary_sign, -0.0, 0, 0}, {tk_unary_sign, nan, 0, 0},
    {tk_unary_isNaN, nan, 1, 0}, {tk_unary_isFinite, inf, 0, 0}, {tk_unary_isFinite, nan, 0, 0},
    {tk_unary_logicalNot, nan, 0, 0}, {tk_unary_logicalNot, 0, 1, 0}, {tk_unary_powScalar, 0, 0, 0},
  };
  tk_space space = line(1);
  for (size_t i = 0; i < sizeof corners / sizeof *corners; i++) {
    corner c = corners[i];
    double parameters[] = {parameters_of(c.row, 0), parameters_of(c.row, 1)};
    double one = 1, y = 0, slope = 0;
    tk_operand operands[] = {lined(&y, tk_float64), lined(&c.x, tk_float64)};
    tk_unary_forward(c.row, tk_real64, parameters, &space, operands, 0, 1);
    tk_operand backward[] = {lined(&slope, tk_float64), lined(&one, tk_float64),
      lined(&c.x, tk_float64), lined(&y, tk_float64)};
    tk_unary_derivative(c.row, 1, tk_real64, parameters, &space, backward, 0, 1);
    bool value = isnan(c.y) ? isnan(y) : y == c.y && !signbit(y) == !signbit(c.y);
    bool change = isnan(c.slope) ? isnan(slope) : fabs(slope - c.slope) <= 2e-16;
    const char *name = tk_unary_describe(c.row).name;
    CHECK(value && change, "%s at %g: %.17g, slope %.17g", name, c.x, y, slope);
  }
}

static void check_integers(void) {
  const int64_t least = INT64_MIN;
  const int64_t cases[][4] = {   // a, b, remainder, quotient
    {7, 3, 1, 2}, {-7, 3, 2, -3}, {7, -3, -2, -3}, {-7, -3, -1, 2}, {5, 0, 0, 0}, {0, 0, 0, 0},
    {least, -1, 0, least}, {least, 1, 0, least}, {-6, 3, 0, -2}, {6, -1, 0, -6}};
  tk_space space = line(1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int k = 0; k < 2; k++) {
      int64_t y = 0;
      tk_operand operands[] = {
        lined(&y, tk_int64), lined(&cases[i][0], tk_int64), lined(&cases[i][1], tk_int64)};
      tk_binary row = k ? tk_binary_floorDivide : tk_binary_remainder;
      tk_binary_forward(row, tk_integer64, &space, operands, 0, 1);
      CHECK(y == cases[i][2 + k], "integers %zu: %lld", i, (long long)y);
    }
}

// Every half, and floats in between, against conversions bit by bit.
static void check_halves(void) {
  static uint16_t bits[65536], back[65536];
  static float wide[65536];
  for (tk_dtype dtype = tk_float16; dtype <= tk_bfloat16; dtype++) {
    tk_space space = line(65536);
    for (int32_t i = 0; i < 65536; i++) bits[i] = (uint16_t)i;
    tk_operand widen[] = {lined(wide, tk_float32), lined(bits, dtype)};
    tk_copy(&space, widen, 0, 65536);
    tk_operand narrow[] = {lined(back, dtype), lined(wide, tk_float32)};
    tk_copy(&space, narrow, 0, 65536);
    for (int32_t i = 0; i < 65536; i++) {
      bool nan = isnan(element(dtype, bits, i));
      CHECK(nan ? isnan(wide[i]) : element(dtype, bits, i) == wide[i], "half %x widened", i);
      CHECK(nan ? isnan(element(dtype, back, i)) : back[i] == bits[i], "half %x came back", i);
    }
    for (int32_t i = 0; i < 65536; i++) wide[i] = tk_float_from_bits((uint32_t)random_word());
    tk_copy(&space, narrow, 0, 65536);
    for (int32_t i = 0; i < 65536; i++) {
      uint16_t expected =
        dtype == tk_float16 ? tk_float_to_half(wide[i]) : tk_float_to_bfloat(wide[i]);
      CHECK(isnan(wide[i]) ? isnan(element(dtype, back, i)) : back[i] == expected, "%a", wide[i]);
    }
  }
}

int main(void) {
  check_rows();
  for (int32_t row = 0; row < tk_unary_count; row++)
    for (int32_t order = 1; order <= 2; order++) check_derivative(row, order);
  check_corners();
  check_integers();
  check_halves();
  return report("Pointwise");
}
