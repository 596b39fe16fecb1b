#include "Elements.h"

// Sums that are kept side by side, and elements that are added before sums are joined in pairs.
enum { TK_SUMS = 16, TK_LEAF = 4096 };

#define BODY "Statistics.body.h"
#include "ForEachISA.h"

tk_statistics tk_statistics_join(tk_statistics a, tk_statistics b) {
  return (tk_statistics){.power_sum = a.power_sum + b.power_sum,
    .largest = a.largest > b.largest ? a.largest : b.largest,
    .non_finite = a.non_finite + b.non_finite, .zeros = a.zeros + b.zeros};
}

// Powers other than these are taken in double.
static bool is_plain(double power) { return power == 1 || power == 2 || power == 3; }

tk_statistics tk_measure(tk_dtype dtype, double power, double scale, const void *x, int64_t n) {
  if (n > TK_LEAF) {
    int64_t half = (n + TK_LEAF - 1) / TK_LEAF / 2 * TK_LEAF;
    const char *rest = (const char *)x + half * tk_element_size(dtype);
    return tk_statistics_join(
      tk_measure(dtype, power, scale, x, half), tk_measure(dtype, power, scale, rest, n - half));
  }
  if (dtype == tk_float64 || !is_plain(power))
    return TK_PICK(measure, f64)(dtype, power, scale, x, n);
  return TK_PICK(measure, f32)(dtype, power, scale, x, n);
}
