extension Tensor {
  /// The elements in row-major order.
  ///
  ///     let values: [Float] = x.elements()
  ///
  /// - Errors: traps when the tensor is the result of a call that failed; in a `validated` scope, which will
  ///   throw that failure, all elements read as zero.
  public func elements<Element: TensorElement>(_ type: Element.Type = Element.self) -> [Element] {
    let source = cast(to: Element.dtype).contiguous()
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      guard count > 0 else { return }
      let target = UnsafeMutableRawPointer(buffer.baseAddress!)
      let byteCount = count * MemoryLayout<Element>.stride
      if source.isHollow {
        Context.current.fail(
          TensorError.argument("elements", expected: "a result", got: "that of a call that failed"))
        target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      } else {
        target.copyMemory(from: source.address, byteCount: byteCount)
      }
      initialized = count
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
    return elements(Double.self)[0]
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
