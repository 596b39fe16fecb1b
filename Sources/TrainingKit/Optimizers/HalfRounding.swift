/// How weights that are stored in float16 or bfloat16 are rounded after an update, which is computed in float32.
///
///     AdamW().rounding(.stochastic(seed: 7))
///
/// Weights in float32 and float64 are not concerned.
public enum HalfRounding: Sendable, Hashable {
  /// To the nearest weight, and what is lost comes back with the next update: it is kept in the state as
  /// `compensation`, two bytes a weight. This is the default.
  ///
  /// - Numerics: weight and compensation together are the weight in float32, so that nothing is lost that float32
  ///   keeps. In float16 that holds down to digits of 2^-40.
  /// - Source: Kahan 1965, "Further remarks on reducing truncation errors"; the split of a float32 weight: Kalamkar et
  ///   al. 2020, arXiv:2005.04680, section V.
  case compensated
  /// Up or down at random, so that the mean of the result is exact. It takes no memory.
  ///
  /// - Numerics: 16 random bits a weight from Philox. They depend on the seed, the parameter's path and the number of
  ///   its updates alone, so that a resumed run draws the same.
  /// - Source: Gupta et al. 2015, arXiv:1502.02551.
  case stochastic(seed: UInt64)
  /// To the nearest weight. Updates below half a unit in the last place are lost, all of them.
  case nearest
}
