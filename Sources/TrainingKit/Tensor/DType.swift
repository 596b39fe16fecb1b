/// How the elements of a tensor are stored.
public enum DType: Int32, Sendable, Hashable, CaseIterable {
  // The raw values are those of `tk_dtype`.
  case float32, float64, float16, bfloat16, int32, int64, uint8, bool

  /// Bytes an element takes.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .uint8, .bool: 1
    }
  }

  /// Whether elements are real numbers; only such tensors have gradients.
  public var isFloatingPoint: Bool { rawValue <= DType.bfloat16.rawValue }

  /// Whether elements are real numbers of 16 bits.
  package var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// Whether elements are whole numbers (`bool` is not).
  public var isInteger: Bool { self == .int32 || self == .int64 || self == .uint8 }

  /// The distance from 1 to the next larger number; 0 for integers.
  public var machineEpsilon: Double {
    switch self {
    case .float64: 0x1p-52
    case .float32: 0x1p-23
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 0
    }
  }

  /// The largest finite value.
  public var greatestFiniteMagnitude: Double {
    switch self {
    case .float64: .greatestFiniteMagnitude
    case .float32: Double(Float.greatestFiniteMagnitude)
    case .float16: 65504
    case .bfloat16: 0x1.FEp127
    case .int64: 0x1p63
    case .int32: Double(Int32.max)
    case .uint8: 255
    case .bool: 1
    }
  }
}

extension DType: CustomStringConvertible {
  /// The name of the case, such as `float32`.
  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }
}

extension DType {
  /// Bool, integer, real: the classes that promotion climbs.
  package var category: Int { self == .bool ? 0 : isInteger ? 1 : 2 }

  /// The dtype that holds both.
  ///
  /// - Source: PyTorch's type promotion; float16 with bfloat16 gives float32.
  public func promoted(with other: DType) -> DType {
    if self == other { return self }
    if category != other.category { return category > other.category ? self : other }
    switch (self, other) {
    case (.float64, _), (_, .float64): return .float64
    case (.float32, _), (_, .float32), (.float16, _), (_, .float16): return .float32
    case (.int64, _), (_, .int64): return .int64
    default: return .int32
    }
  }
}
