#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

/// A base raised to a power, as the C library rounds it.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// A base raised to a whole power, as the C library rounds it.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }

/// The cosine of an angle in radians.
func cosine(_ angle: Double) -> Double { cos(angle) }

extension Tensor {
  /// The root of the mean of the squares of all elements, summed in double; 0 where there are none.
  var rootMeanSquare: Double {
    guard count > 0, !isHollow else { return 0 }
    let found = contiguous().detached().measurement(parts: 1, power: 2, scale: 1)
    return (found[0].powerSum / Double(count)).squareRoot()
  }
}
