/// A number for each of the eight axes that a tensor may have: extents, or strides.
///
/// It is not a vector of the processor, because what holds one of those has to lie on a multiple of 64 bytes, and the
/// system's allocator takes ten times as long for such an object as for any other.
package struct Lanes: Sendable {
  private var values: (Int, Int, Int, Int, Int, Int, Int, Int)

  @inline(__always)
  package init(repeating value: Int) {
    values = (value, value, value, value, value, value, value, value)
  }

  /// The number of an axis, counted from 0.
  package subscript(axis: Int) -> Int {
    @inline(__always) get {
      precondition(UInt(bitPattern: axis) < 8, "defect: an axis beyond the eighth")
      return withUnsafeBytes(of: values) {
        $0.load(fromByteOffset: axis * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
    @inline(__always) set {
      precondition(UInt(bitPattern: axis) < 8, "defect: an axis beyond the eighth")
      withUnsafeMutableBytes(of: &values) {
        $0.storeBytes(of: newValue, toByteOffset: axis * MemoryLayout<Int>.stride, as: Int.self)
      }
    }
  }
}

extension Lanes: Hashable {
  @inline(__always)
  package static func == (a: Lanes, b: Lanes) -> Bool {
    let (x, y) = (a.values, b.values)
    let first = (x.0 ^ y.0) | (x.1 ^ y.1) | (x.2 ^ y.2) | (x.3 ^ y.3)
    let second = (x.4 ^ y.4) | (x.5 ^ y.5) | (x.6 ^ y.6) | (x.7 ^ y.7)
    return first | second == 0
  }

  package func hash(into hasher: inout Hasher) {
    withUnsafeBytes(of: values) { hasher.combine(bytes: $0) }
  }
}
