#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A base raised to a whole power, as the C library rounds it.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }

/// The cosine of an angle in radians.
func cosine(_ angle: Double) -> Double { cos(angle) }
