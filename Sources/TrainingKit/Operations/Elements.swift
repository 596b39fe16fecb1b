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
      let isRead = onItsDevice { backend in
        if isHollow || backend.isPaper { return false }
        return backend.deviceNumber == 0
          ? converted(into: Tensor(borrowing: buffer, shape))
          : read(as: Element.dtype, into: target)
      }
      if !isRead { memset(target, 0, count * MemoryLayout<Element>.stride) }
      if isHollow {
        Context.current.fail(
          TensorError.argument("elements", expected: "a result", got: "that of a call that failed"))
      }
    }
  }

  private func converted(into target: Tensor) -> Bool {
    Context.current.run("elements") { (backend) throws(DeviceFault) in
      try backend.copy(detached(), into: target)
    }
  }

  private func read(as dtype: DType, into target: UnsafeMutableRawPointer) -> Bool {
    let dense = detached().cast(to: dtype).contiguous()
    guard !dense.isHollow else { return false }
    return Context.current.run("elements") { (backend) throws(DeviceFault) in
      try backend.read(dense, into: target)
    }
  }

  /// Whether the elements lie where the kernels of this scope do not reach.
  package var isElsewhere: Bool {
    guard let storage, let own = Context.current.deviceNumber else { return false }
    return storage.deviceNumber != own
  }

  /// Reports elements that lie elsewhere. Returns whether they do not.
  package func isReachable(by operation: String) -> Bool {
    guard isElsewhere else { return true }
    Context.current.fail(
      TensorError(
        .device, operation, expected: "values on \(Device.current), where this scope computes",
        got: "\(device)"))
    return false
  }

  /// Runs `body` where the scope computes, or where the elements lie, if that is elsewhere.
  package func onItsDevice<Result>(_ body: (any Backend) -> Result) -> Result {
    let context = Context.current
    guard let storage, let own = context.deviceNumber, own != storage.deviceNumber else {
      return body(context.backend)
    }
    let backend = device.backend
    return context.computing(on: backend) { body(backend) }
  }

  /// What one pass finds in each of some tensors, whose elements lie without gaps on one device.
  package static func measurements(of tensors: [Tensor]) -> [ElementStatistics] {
    guard let first = tensors.first else { return [] }
    return first.onItsDevice { _ in
      var found = tensors.map { _ in ElementStatistics() }
      Context.current.run("measure") { (backend) throws(DeviceFault) in
        found = try backend.measure(each: tensors)
      }
      return found
    }
  }

  /// What one pass finds in each of `parts` equal runs of the elements, which lie without gaps.
  package func measurement(parts: Int, power: Double, scale: Double) -> [ElementStatistics] {
    onItsDevice { _ in
      var found = Array(repeating: ElementStatistics(), count: parts)
      Context.current.run("measure") { (backend) throws(DeviceFault) in
        found = try backend.measure(self, parts: parts, power: power, scale: scale)
      }
      return found
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
    Context.current.backend.willRead(self, for: "item")
    guard dtype == .float32, let storage, storage.deviceNumber == 0,
      !Context.current.backend.isPaper
    else { return elements(Double.self)[0] }
    return Double(address.load(as: Float.self))
  }

  /// Whether shapes, dtypes and all elements are equal; NaN equals NaN here.
  public func isIdentical(to other: Tensor) -> Bool {
    guard shape == other.shape, dtype == other.dtype else { return false }
    return onItsDevice { _ in ((self .== other) .| (isNaN() .& other.isNaN())).all().item() != 0 }
  }

  /// Whether all elements are within `absolute + relative · |other|` of the other's, after broadcasting.
  ///
  /// - Numerics: infinities are close only when equal, NaN only to NaN.
  public func isClose(to other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8) -> Bool {
    guard shape.broadcast(with: other.shape) != nil else { return false }
    return onItsDevice { _ in
      let (a, b) = (detached().cast(to: .float64), other.detached().cast(to: .float64))
      let near = (a - b).abs() .<= (b.abs() * relative + absolute)
      return ((near .& b.isFinite()) .| (a .== b) .| (a.isNaN() .& b.isNaN())).all().item() != 0
    }
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
