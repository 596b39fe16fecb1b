extension Tensor {
  /// A tensor of the given elements in row-major order.
  ///
  ///     Tensor([1, 2, 3])                              // [3], int64
  ///     Tensor([0.5, 1, 1.5, 2], shape: [2, 2])        // float32
  ///
  /// - Parameters:
  ///   - shape: one axis unless given.
  ///   - dtype: what the elements store without loss, but float32 for `Double`, unless given.
  /// - Errors: traps when the count does not fit the shape.
  public init<Element: TensorElement>(
    _ elements: [Element], shape: Shape? = nil, dtype: DType? = nil
  ) {
    self = elements.withUnsafeBufferPointer { Tensor($0, shape: shape, dtype: dtype) }
  }

  /// A tensor of the elements of a buffer, copied in row-major order.
  public init<Element: TensorElement>(
    _ elements: UnsafeBufferPointer<Element>, shape: Shape? = nil, dtype: DType? = nil
  ) {
    let shape = shape ?? [elements.count]
    let wanted = dtype ?? Element.defaultDType
    guard shape.count == elements.count else {
      Context.current.fail(
        TensorError.argument(
          "Tensor", expected: "\(shape.count) elements for \(shape)", got: elements.count))
      self = Tensor.hollow(shape, wanted)
      return
    }
    let stored = Tensor.written("Tensor", shape, Element.dtype) { memory in
      guard let source = elements.baseAddress else { return }
      memory.copyMemory(from: source, byteCount: elements.count * MemoryLayout<Element>.stride)
    }
    self = stored.cast(to: wanted)
  }

  /// A matrix of the given rows.
  ///
  /// - Errors: traps when rows differ in length.
  public init<Element: TensorElement>(_ rows: [[Element]], dtype: DType? = nil) {
    let width = rows.first?.count ?? 0
    guard rows.allSatisfy({ $0.count == width }) else {
      Context.current.fail(
        TensorError.argument("Tensor", expected: "rows of equal length", got: rows.map(\.count)))
      self = Tensor.hollow([rows.count, width], dtype ?? Element.defaultDType)
      return
    }
    self.init(rows.flatMap(\.self), shape: [rows.count, width], dtype: dtype)
  }

  /// A tensor of no axes that holds one value.
  public init<Element: TensorScalar>(_ value: Element, dtype: DType? = nil) {
    self.init(repeating: value, shape: .scalar, dtype: dtype ?? Element.defaultDType)
  }

  /// A tensor whose elements are all the same number.
  public init(repeating value: some TensorScalar, shape: Shape, dtype: DType = .float32) {
    self = Tensor.fresh("full", shape, dtype) { (tensor, backend) throws(DeviceFault) in
      try backend.fill(value, into: tensor)
    }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor {
    Tensor(repeating: 0, shape: shape, dtype: dtype)
  }

  /// A tensor of ones.
  public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor {
    Tensor(repeating: 1, shape: shape, dtype: dtype)
  }

  /// The numbers from `start` up to but not including `end`, `step` apart.
  ///
  ///     Tensor.range(0, 6, by: 2)     // [0, 2, 4], int64
  public static func range(
    _ start: Int, _ end: Int, by step: Int = 1, dtype: DType = .int64
  ) -> Tensor {
    let count = step == 0 ? 0 : Swift.max(0, (end - start + step - step.signum()) / step)
    return fresh("range", [count], dtype) { (tensor, backend) throws(DeviceFault) in
      try backend.range(start: Double(start), step: Double(step), into: tensor)
    }
  }

  /// `count` numbers from `start` to `end`, both included, evenly spaced.
  public static func linearSpace(
    _ start: Double, _ end: Double, count: Int, dtype: DType = .float32
  ) -> Tensor {
    let step = count > 1 ? (end - start) / Double(count - 1) : 0
    return fresh("linearSpace", [count], dtype) { (tensor, backend) throws(DeviceFault) in
      try backend.range(start: start, step: step, into: tensor)
    }
  }

  /// The matrix with ones on the diagonal and zeros elsewhere.
  public static func eye(_ rows: Int, _ columns: Int? = nil, dtype: DType = .float32) -> Tensor {
    let down = range(0, rows).reshaped([rows, 1])
    return (down .== range(0, columns ?? rows)).cast(to: dtype)
  }

  /// A tensor that `write` fills; hollow when there is no memory for it.
  package static func fresh(
    _ name: String, _ shape: Shape, _ dtype: DType,
    _ write: (Tensor, any Backend) throws(DeviceFault) -> Void
  ) -> Tensor {
    let context = Context.current
    do throws(DeviceError) {
      let tensor = try context.allocated(TensorSpec(shape, dtype), for: name)
      if shape.count == 0 || context.backend.isPaper { return tensor }
      return context.run(name) { (backend) throws(DeviceFault) in try write(tensor, backend) }
        ? tensor : hollow(shape, dtype)
    } catch {
      context.fail(error)
      return hollow(shape, dtype)
    }
  }

  /// A tensor whose elements `write` puts into the processor's memory, in row-major order.
  package static func written(
    _ name: String, _ shape: Shape, _ dtype: DType, _ write: (UnsafeMutableRawPointer) -> Void
  ) -> Tensor {
    fresh(name, shape, dtype) { (tensor, backend) throws(DeviceFault) in
      try backend.write(into: tensor, write)
    }
  }
}
