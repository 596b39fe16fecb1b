/// A 16-bit real number with the range of `Float` and 8 bits of precision.
///
/// It is storage: arithmetic happens after widening to `Float`.
public struct BFloat16: Sendable, Hashable {
  /// The upper half of the `Float` of the same value.
  public var bitPattern: UInt16

  /// Creates the value with the given bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Creates the nearest value, ties to even; NaN stays NaN.
  public init(_ value: Float) {
    guard !value.isNaN else {
      bitPattern = UInt16(truncatingIfNeeded: value.bitPattern >> 16) | 0x40
      return
    }
    let bits = value.bitPattern
    bitPattern = UInt16(truncatingIfNeeded: (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
  }
}

extension Float {
  /// Creates the value that `value` stands for, exactly.
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
