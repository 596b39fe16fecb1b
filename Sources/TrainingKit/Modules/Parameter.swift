/// A tensor that training moves: a named leaf of the graph.
///
/// Modules hold parameters as stored properties; their names are the properties' names.
public final class Parameter {
  @exclusivity(unchecked) private var tensor: Tensor
  package let leaf = Leaf(isParameter: true)

  /// Whether gradients flow to the parameter. A frozen parameter is left alone by optimizers.
  public var isTrainable: Bool {
    didSet {
      tensor = tensor.with(origin: isTrainable ? leaf : nil)
      ModelGeneration.advance()
    }
  }

  /// Creates a parameter that starts at the given value.
  ///
  /// - Errors: traps unless the dtype is floating-point.
  public init(_ value: Tensor, isTrainable: Bool = true) {
    if !value.dtype.isFloatingPoint {
      Context.current.fail(
        TensorError.dtype("Parameter", expected: "a floating-point dtype", got: value.dtype))
    }
    self.isTrainable = isTrainable
    tensor = value.with(origin: isTrainable ? leaf : nil)
    tensor.charge(to: .weights)
    ModelGeneration.advance()
  }

  /// The current value, tracked unless the parameter is frozen.
  public var value: Tensor {
    get { tensor }
    set {
      guard newValue.shape == tensor.shape, newValue.dtype == tensor.dtype else {
        Context.current.fail(
          TensorError(
            .shape, "Parameter", expected: "\(tensor.dtype) of \(tensor.shape)",
            got: "\(newValue.dtype) of \(newValue.shape)"))
        return
      }
      tensor = newValue.with(origin: isTrainable ? leaf : nil)
      tensor.charge(to: .weights)
    }
  }

  /// Moves the value: `body` gets it as the sole owner when nobody else holds it, so that it can write in place.
  package func update(_ body: (consuming Tensor) -> Tensor) {
    let old = tensor.detached()
    let memory = old.storage.map { ObjectIdentifier($0) }
    tensor = tensor.hollow
    tensor = body(consume old).with(origin: isTrainable ? leaf : nil)
    if tensor.storage.map({ ObjectIdentifier($0) }) != memory { tensor.charge(to: .weights) }
  }

  /// Where the value is to be written in place; nil where it cannot be, or is of another shape.
  package func ownAddress(_ form: TensorForm) -> UnsafeMutableRawPointer? {
    guard tensor.dtype == form.dtype, tensor.form.isContiguous,
      tensor.form.layout.shape == form.layout.shape,
      tensor.storage?.deviceNumber == 0, tensor.holdsAlone()
    else { return nil }
    return tensor.address
  }

  /// Gives the value memory that nobody else holds; false when there is none.
  func ownValue() -> Bool {
    if tensor.form.isContiguous, tensor.holdsAlone() { return true }
    var isOwn = true
    update { (value: consuming Tensor) in
      let (tensor, isSole) = value.owned()
      isOwn = isSole
      return tensor
    }
    return isOwn
  }

  /// Gives the value memory of its own, where another has the same.
  func separate() { value = value.detached().copied() }

  /// Brings the value to a device, keeping its name and place in the graph.
  func move(to device: Device) {
    tensor = tensor.detached().to(device).with(origin: isTrainable ? leaf : nil)
    tensor.charge(to: .weights)
  }

  /// Changes the dtype of the value, keeping its name and place in the graph.
  package func convert(to dtype: DType) {
    tensor = tensor.detached().cast(to: dtype).with(origin: isTrainable ? leaf : nil)
    tensor.charge(to: .weights)
  }
}

/// A tensor that belongs to a module's state but is not trained, such as a running mean.
public final class Buffer {
  /// The current value.
  public var value: Tensor {
    didSet {
      value.charge(to: .weights)
      Context.current.note(BufferWrite(of: self, over: oldValue))
    }
  }

  /// Creates a buffer that starts at the given value.
  public init(_ value: Tensor) {
    self.value = value.detached()
    self.value.charge(to: .weights)
    ModelGeneration.advance()
  }
}

/// A write to a buffer in a pass that may have to be repeated.
final class BufferWrite: Undoable {
  let buffer: Buffer
  private var other: Tensor

  init(of buffer: Buffer, over old: Tensor) { (self.buffer, other) = (buffer, old) }

  func undo() { (buffer.value, other) = (other, buffer.value) }
  func redo() { undo() }
}

/// Whether a module trains or is evaluated. Modules that behave differently hold one as a stored property.
public final class Mode {
  /// True while training, false while evaluating.
  public var isTraining = true {
    didSet { if isTraining != oldValue { ModelGeneration.advance() } }
  }

  /// Creates the mode of a module that trains.
  public init() {}
}
