#if canImport(Darwin)
  internal import Darwin
#else
  internal import Glibc
#endif

extension Tensor {
  /// The elements in row-major order.
  ///
  ///     let values: [Float] = x.elements()
  ///
  /// - Errors: traps when the tensor is the result of a call that failed; in a `validated` scope, which will
  ///   throw that failure, all elements read as zero.
  public func elements<Element: TensorElement>(_ type: Element.Type = Element.self) -> [Element] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      guard count > 0, let target = buffer.baseAddress else { return }
      initialized = count
      let backend = Context.current.backend
      if isHollow || backend.isPaper {
        memset(target, 0, count * MemoryLayout<Element>.stride)
      } else {
        backend.copy(detached(), into: Tensor(borrowing: buffer, shape))
      }
      if isHollow {
        Context.current.fail(
          TensorError.argument("elements", expected: "a result", got: "that of a call that failed"))
      }
    }
  }

  /// The value of a tensor of one element.
  ///
  /// - Errors: traps when there are more, or none.
  public func item() -> Double {
    guard count == 1 else {
      Context.current.fail(TensorError.shape("item", expected: "one element", got: shape))
      return .nan
    }
    guard dtype == .float32, !isHollow, !Context.current.backend.isPaper else {
      return elements(Double.self)[0]
    }
    return Double(address.load(as: Float.self))
  }

  /// Whether shapes, dtypes and all elements are equal; NaN equals NaN here.
  public func isIdentical(to other: Tensor) -> Bool {
    guard shape == other.shape, dtype == other.dtype else { return false }
    return ((self .== other) .| (isNaN() .& other.isNaN())).all().item() != 0
  }

  /// Whether all elements are within `absolute + relative · |other|` of the other's, after broadcasting.
  ///
  /// - Numerics: infinities are close only when equal, NaN only to NaN.
  public func isClose(to other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8) -> Bool {
    guard shape.broadcast(with: other.shape) != nil else { return false }
    let (a, b) = (detached().cast(to: .float64), other.detached().cast(to: .float64))
    let near = (a - b).abs() .<= (b.abs() * relative + absolute)
    return ((near .& b.isFinite()) .| (a .== b) .| (a.isNaN() .& b.isNaN())).all().item() != 0
  }
}

extension Tensor {
  /// Memory of somebody else as a tensor, for as long as that lasts.
  fileprivate init<Element: TensorElement>(
    borrowing buffer: UnsafeMutableBufferPointer<Element>, _ shape: Shape
  ) {
    let storage = Storage(
      memory: UnsafeMutableRawPointer(buffer.baseAddress!),
      byteCount: buffer.count * MemoryLayout<Element>.stride, owner: Lender(), slot: 0)
    self.init(storage: storage, layout: Layout(contiguous: shape), dtype: Element.dtype)
  }
}

/// Takes nothing back, because its memory was only lent.
private final class Lender: StorageOwner {
  func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int) {}
}
