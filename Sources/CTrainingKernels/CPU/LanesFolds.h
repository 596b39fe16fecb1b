// Lanes folded into one number, in halves, which the compiler keeps in registers.

INLINE REAL NAME(sum_of_lanes)(V v) {
  REAL sums[LANE_BYTES / sizeof(REAL)];
  STORE(sums, v);
  for (int64_t n = LANES / 2; n > 0; n /= 2)
    for (int64_t i = 0; i < n; i++) sums[i] += sums[i + n];
  return sums[0];
}
// NaN wins.
INLINE REAL NAME(greatest_of_lanes)(V v) {
  REAL most[LANE_BYTES / sizeof(REAL)];
  STORE(most, v);
  for (int64_t n = LANES / 2; n > 0; n /= 2)
    for (int64_t i = 0; i < n; i++)
      most[i] = most[i] > most[i + n] || most[i] != most[i] ? most[i] : most[i + n];
  return most[0];
}
