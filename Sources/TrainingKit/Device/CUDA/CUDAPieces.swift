extension Int {
  /// How many pieces of a size there are of so many, the last of which may be shorter.
  func pieces(of size: Int) -> Int { (self + size - 1) / size }

  /// The first power of two that is not below this number.
  var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}

extension Grid {
  /// A thread for each of so many things.
  init(threadsFor count: Int) { self.init(blocks: count.pieces(of: 256), threads: 256) }
}

extension UnsafeRawPointer {
  /// Whether this is a multiple of so many bytes.
  func isAligned(to byteCount: Int) -> Bool { UInt(bitPattern: self) % UInt(byteCount) == 0 }
}

extension DType {
  /// How many elements 16 bytes hold.
  var pack: Int { 16 / byteCount }

  /// A dtype whose elements take as many bytes.
  var carrier: DType {
    switch byteCount {
    case 1: .uint8
    case 2: .float16
    case 4: .int32
    default: .int64
    }
  }

  /// What sums of elements are kept in.
  var accumulated: DType { self == .float64 ? .float64 : isFloatingPoint ? .float32 : .int64 }
}
