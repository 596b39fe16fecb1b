package import TrainingKit

/// How far a result may be from the reference: a few roundings of the dtype, relative to the value and to the largest
/// value beside it (where terms cancel, the error is that of the terms).
package struct Tolerance {
  package let relative: Double
  package let absolute: Double

  package static func of(_ dtype: DType, largest: Double = 1, roundings: Double? = nil) -> Tolerance
  {
    let units = roundings ?? (dtype == .float64 ? 256 : dtype == .float32 ? 32 : 4)
    let relative = units * dtype.machineEpsilon
    return Tolerance(relative: relative, absolute: relative * max(1, largest))
  }

  package func accepts(_ got: Double, _ expected: Double) -> Bool {
    if got.isNaN || expected.isNaN { return got.isNaN && expected.isNaN }
    if got.isInfinite || expected.isInfinite { return got == expected }
    return abs(got - expected) <= relative * abs(expected) + absolute
  }
}

/// The first element of `got` that is too far from the expected one, in words; nil when all are near.
package func mismatch(_ got: Tensor, _ expected: Tensor, roundings: Double? = nil) -> String? {
  guard got.shape == expected.shape else { return "shape \(got.shape), expected \(expected.shape)" }
  guard got.dtype == expected.dtype else { return "dtype \(got.dtype), expected \(expected.dtype)" }
  let wanted = expected.elements(Double.self)
  let values = got.elements(Double.self)
  let largest = wanted.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  let tolerance = Tolerance.of(got.dtype, largest: largest, roundings: roundings)
  for (position, (value, wanted)) in zip(values, wanted).enumerated()
  where !tolerance.accepts(value, wanted) {
    return "element \(position) of \(got.shape) is \(value), expected \(wanted)"
  }
  return nil
}
