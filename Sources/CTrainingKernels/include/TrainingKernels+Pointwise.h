#pragma once

// One enumerator a table row, in the order of the table.
typedef enum tk_unary : int32_t {
#define UNARY_ANY(name, ...) tk_unary_##name,
#define UNARY_REAL(name, ...) tk_unary_##name,
#include "../Tables/Unary.h"
  tk_unary_count
} tk_unary;

typedef enum tk_binary : int32_t {
#define BINARY_ANY(name, ...) tk_binary_##name,
#define BINARY_REAL(name, ...) tk_binary_##name,
#define COMPARISON(name, ...) tk_binary_##name,
#include "../Tables/Binary.h"
  tk_binary_count
} tk_binary;

// What a row of the unary table says of itself.
typedef struct tk_unary_row {
  const char *name;
  const char *kernel;    // among those of CUDA
  bool any;              // defined for integers too
  bool reads_input;      // whether f' or f'' read x
  bool reads_output;     // whether f' or f'' read y
  double lower, upper;   // where it is sampled
} tk_unary_row;
tk_unary_row tk_unary_describe(tk_unary row);

typedef struct tk_binary_row {
  const char *name;
  const char *kernel;    // among those of CUDA
  bool any, comparison;
  double lower, upper;   // where both operands are sampled
} tk_binary_row;
tk_binary_row tk_binary_describe(tk_binary row);

// All pointwise kernels: operands[0] is written, the rest are read; a range counts points of space.
// Operands may differ in dtype: each is widened to `compute` when read and rounded when written.
// The written operand may be the same memory as a read one when their strides are equal.

// y = f(x); operands: y, x. `parameters` are P0 and P1, both there, or null where the row has none.
void tk_unary_forward(tk_unary row, tk_compute compute, const double *parameters,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y = g f'(x) for order 1, g f''(x) for order 2; operands: y, g, x, f(x).
// Operands that the row does not read (see tk_unary_describe) may have null data.
void tk_unary_derivative(tk_unary row, int32_t order, tk_compute compute, const double *parameters,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y = f(a, b); operands: y, a, b. Comparisons write 1 or 0.
void tk_binary_forward(tk_binary row, tk_compute compute,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y = c ? a : b; operands: y, c, a, b. True is anything but zero.
void tk_select(tk_compute compute,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y = x, converted; operands: y, x. Real to integer truncates toward zero, anything to bool is x != 0.
void tk_copy(const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// The same in tiles, where x and y have one dtype and x runs down where y runs along: how many there are, or 0 where
// tk_copy is the better way, and a range of them.
int64_t tk_tile_count(const tk_space *space, const tk_operand *operands);
void tk_copy_tiles(const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y = value; operands: y. Integers take `integer`, reals take `real`.
void tk_fill(double real, int64_t integer,
  const tk_space *space, const tk_operand *operands, int64_t begin, int64_t end);
// y[i] = start + i * step, computed in double or int64.
void tk_iota(double start, double step, tk_operand y, int64_t begin, int64_t end);
