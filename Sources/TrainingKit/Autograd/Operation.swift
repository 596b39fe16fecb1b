/// What the graph knows of a function that was applied: its name and its gradient.
package protocol Differentiable: Sendable {
  /// The name in messages and findings.
  var name: String { get }

  /// The gradient of each input, written in tensor operations so that it can be differentiated again.
  ///
  /// `inputs` and `output` are hollow where `saves` did not ask for them. Nil where no gradient flows. Whoever takes
  /// an argument over may let go of it on the way, and write over it where nobody else holds it.
  func backward(
    _ gradient: consuming Tensor, inputs: consuming Operands, output: Tensor
  ) -> Slopes

  /// Which values `backward` reads.
  var saves: Saved { get }

  /// What gives the result once more from what a node keeps anyway; nil where that is not cheap. Whoever reads such a
  /// result in a backward pass does not keep it.
  ///
  /// It is the same to the bit, unless the node keeps rounded values and the reader rounds to that `dtype`, too.
  func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)?
}

/// A function of tensors: its rule, its kernel and its gradient.
package protocol Operation: Differentiable {
  /// Shape and dtype of the result, or what the caller got wrong.
  func result(of inputs: Operands) throws(TensorError) -> TensorSpec

  /// Whether results may be views of the first input's elements.
  var isView: Bool { get }

  /// The elements of the result as a view of the first input's; nil where they have to be copied.
  func view(of input: Layout, as spec: TensorSpec) -> Layout?

  /// Computes the result into `output`, which is fresh and contiguous.
  func forward(_ inputs: Operands, into output: Tensor, on backend: any Backend) throws(DeviceFault)

  /// The dtype that inputs are cast to while an autocast is in force.
  var precision: PrecisionRule { get }

  /// Whether the elements that `forward` reads are there: those of every input, unless the operation says otherwise.
  func hasElements(_ inputs: Operands) -> Bool

  /// Whether `forward` may write its output over an input of the same layout: it reads no element after it wrote the
  /// one in the same place.
  var isElementwise: Bool { get }
}

/// Which values of a call its gradient reads; the others are not kept alive.
package struct Saved: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let inputs = Saved(rawValue: 1)
  package static let output = Saved(rawValue: 2)
  /// The first two inputs, each where the other has a gradient, as for products: a factor of constants is not kept.
  package static let factors = Saved(rawValue: 4)

  /// The inputs, hollow where no gradient reads them or where they can be made again.
  @inline(__always)
  fileprivate func keep(_ inputs: inout Operands) {
    if isEmpty { return inputs.empty() }
    for position in 0..<inputs.count
    where !areRead(position, inputs) || inputs.isRemade(position) {
      inputs.empty(position)
    }
  }

  /// The inputs as gradients read them.
  func restored(_ inputs: consuming Operands) -> Operands {
    if isEmpty { return inputs }
    for position in 0..<inputs.count where inputs.storage(position) == nil {
      if areRead(position, inputs) { inputs[position] = inputs[position].remade() }
    }
    return inputs
  }

  @inline(__always)
  fileprivate func areRead(_ position: Int, _ inputs: Operands) -> Bool {
    contains(.inputs)
      || contains(.factors) && position < 2 && inputs.origin(1 - position) != nil
  }
}

extension Operands {
  /// Whether an input is large, and cheap to make again.
  @inline(__always)
  fileprivate func isRemade(_ position: Int) -> Bool {
    let form = form(position)
    return form.byteCount >= MemoryArena.leastBlock
      && self[position].remaking(as: form.dtype) != nil
  }
}

extension Tensor {
  /// What makes the elements again for a reader of a dtype, where that is cheap.
  package func remaking(as dtype: DType) -> (() -> Tensor)? {
    node.flatMap { $0.operation.remaking($0.inputs, as: dtype) }
  }

  /// Itself with its elements again; still hollow when it cannot be made again.
  fileprivate func remade() -> Tensor {
    guard let remaking = remaking(as: dtype) else { return self }
    return Context.current.recording(false, remaking).with(origin: origin)
  }
}

extension Operation {
  package var isView: Bool { false }
  package func view(of input: Layout, as spec: TensorSpec) -> Layout? { nil }
  package func hasElements(_ inputs: Operands) -> Bool { !inputs.areHollow }
  package var precision: PrecisionRule { .asGiven }
  package var isElementwise: Bool { false }

  /// Applies the operation: autocast, check, allocate, compute, record. The one door through which every result comes.
  package func callAsFunction(_ x: Tensor) -> Tensor { apply(to: Operands(x)) }
  package func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor { apply(to: Operands(x, y)) }
  package func callAsFunction(_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor {
    apply(to: Operands(x, y, z))
  }

  /// The same for inputs that are handed over: the result may take the memory of one that nobody else holds.
  package func apply(to given: consuming Operands) -> Tensor {
    let context = Context.current
    let inputs = context.prepared(consume given, precision)
    do throws(TensorError) {
      if inputs.areElsewhere(than: context) { throw context.elsewhere(inputs, name) }
      let spec = try result(of: inputs)
      let isRecorded = context.records(inputs)
      guard context.observer == nil else {
        let result = computed(copy inputs, spec, context, isRecorded)
        tell(result, of: inputs, in: context)
        return result
      }
      return computed(consume inputs, spec, context, isRecorded)
    } catch {
      context.fail(error)
      return Tensor.hollow(.scalar, .float32)
    }
  }

  private func computed(
    _ given: consuming Operands, _ spec: TensorSpec, _ context: Context, _ isRecorded: Bool
  ) -> Tensor {
    let own = takenOver(from: &given, spec, context, isRecorded)
    // From here on nothing changes them, so that lending them makes no copies.
    let inputs = consume given
    do throws(DeviceError) {
      let output = if let own { own } else { try fresh(inputs, spec, context, isRecorded) }
      try fill(output, from: inputs, context)
      return isRecorded ? noded(output, of: consume inputs, in: context) : output
    } catch {
      context.fail(error)
      return Tensor.hollow(spec.shape, spec.dtype)
    }
  }

  /// Where the result will be, when it takes over nobody's memory.
  private func fresh(
    _ inputs: Operands, _ spec: TensorSpec, _ context: Context, _ isRecorded: Bool
  ) throws(DeviceError) -> Tensor {
    if isView, let layout = view(of: inputs.form(0).layout, as: spec) {
      return Tensor(storage: inputs.storage(0), layout: layout, dtype: spec.dtype)
    }
    if !hasElements(inputs) {
      return Tensor(storage: nil, form: inputs.form(of: spec))
    }
    return try context.allocated(
      inputs.form(of: spec), for: name, isRecorded ? .activations : .user)
  }

  private func fill(
    _ output: Tensor, from inputs: Operands, _ context: Context
  ) throws(DeviceError) {
    guard output.count > 0, let storage = output.storage, !isView || storage !== inputs.storage(0)
    else { return }
    do throws(DeviceFault) {
      try forward(inputs, into: output, on: context.backend)
    } catch {
      throw context.circumstance(error, name)
    }
  }
}

extension Operation {
  /// The memory of an input as that of the result, where nobody else reads it any more.
  private func takenOver(
    from inputs: inout Operands, _ spec: TensorSpec, _ context: Context, _ isRecorded: Bool
  ) -> Tensor? {
    guard isElementwise, hasElements(inputs) else { return nil }
    for position in 0..<inputs.count where inputs.holdsAlone(position) {
      if isRecorded, saves.areRead(position, inputs) { continue }
      let output = inputs[position].detached()
      // Paper that outlives its plan cannot be written, and a file of states is for states.
      guard output.fills(spec), output.storage!.owner === context.resultPool else { continue }
      output.charge(to: context.memoryOwner ?? (isRecorded ? .activations : .user))
      return output
    }
    return nil
  }
}

extension Differentiable {
  package var saves: Saved { .inputs }
  package func remaking(_ inputs: Operands, as dtype: DType) -> (() -> Tensor)? { nil }

  /// The result with a node of the graph behind it, when an input asks for gradients. Who looks is told.
  func recorded(_ output: Tensor, of inputs: Operands, in context: Context) -> Tensor {
    let result = context.records(inputs) ? noded(output, of: inputs, in: context) : output
    tell(result, of: inputs, in: context)
    return result
  }

  /// Tells who looks of a call.
  func tell(_ result: Tensor, of inputs: Operands, in context: Context) {
    guard context.observer != nil else { return }
    context.tell(
      ObservedCall(
        kind: .operation, name: name, module: context.moduleIdentity, inputs: Array(inputs),
        outputs: [result], function: self))
  }

  /// The result of inputs of which one asks for gradients with a node behind it, where it can have one.
  fileprivate func noded(
    _ output: Tensor, of given: consuming Operands, in context: Context
  ) -> Tensor {
    guard output.dtype.isFloatingPoint else { return output }
    var inputs = consume given
    saves.keep(&inputs)
    let node = Node(
      self, inputs: consume inputs, output: saves.contains(.output) ? output : output.hollow,
      in: context)
    return output.with(origin: node)
  }
}

extension Operands {
  /// Whether an input lies where the context's kernels do not reach.
  @inline(__always)
  fileprivate func areElsewhere(than context: Context) -> Bool {
    guard let own = context.state.pointee.deviceNumber else { return false }
    for position in 0..<count where storage(position).map({ $0.deviceNumber != own }) ?? false {
      return true
    }
    return false
  }
}

extension Context {
  /// Where results have their memory from.
  @inline(__always)
  fileprivate var resultPool: MemoryPool { self.otherPool ?? self.backend.pool }

  /// What is wrong with inputs that lie on another device.
  fileprivate func elsewhere(_ inputs: Operands, _ operation: String) -> TensorError {
    let devices = inputs.filter { !$0.isHollow }.map(\.device.description)
    return TensorError(
      .device, operation, expected: "inputs on \(Device.current), where this scope computes",
      got: devices.joined(separator: " and "))
  }

  /// The inputs in the precision that an autocast in force gives them.
  @inline(__always)
  fileprivate func prepared(_ inputs: consuming Operands, _ rule: PrecisionRule) -> Operands {
    guard let autocast = state.pointee.autocast else { return inputs }
    return autocast.prepared(inputs, rule)
  }

  /// Whether the results of these inputs have gradients.
  fileprivate func records(_ inputs: Operands) -> Bool {
    self.isRecording && inputs.requireGradient
  }

  /// A tensor whose elements are not yet written.
  package func allocated(_ spec: TensorSpec, for operation: String) throws(DeviceError) -> Tensor {
    try allocated(TensorForm(spec), for: operation)
  }

  /// The same in a form that is known.
  package func allocated(
    _ form: TensorForm, for operation: String, _ owner: MemoryOwner = .user
  ) throws(DeviceError) -> Tensor {
    let bytes = form.byteCount
    let tag = MemoryTag(operation, owner: self.memoryOwner ?? owner, module: moduleIdentity)
    let pool = resultPool
    guard let storage = pool.take(byteCount: bytes, tag) else {
      if let fault = self.backend.takeFault() { throw circumstance(fault, operation) }
      throw pool.folder.map { outOfSpace(bytes, operation, pool, $0) }
        ?? outOfMemory(bytes, operation)
    }
    return Tensor(storage: storage, form: form)
  }

  /// Results that one call makes, for what is not an ``Operation``; hollow ones after a failure.
  package func results(
    _ specs: [TensorSpec], of inputs: Operands, for function: some Differentiable,
    _ compute: ([Tensor]) throws(DeviceFault) -> Void
  ) -> [Tensor] {
    let hollow = specs.map { Tensor.hollow($0.shape, $0.dtype) }
    if inputs.areHollow { return hollow }
    if inputs.areElsewhere(than: self) {
      fail(elsewhere(inputs, function.name))
      return hollow
    }
    let isKept = records(inputs)
    do throws(DeviceError) {
      var results: [Tensor] = []
      for spec in specs {
        results.append(
          try allocated(TensorForm(spec), for: function.name, isKept ? .activations : .user))
      }
      do throws(DeviceFault) {
        try compute(results)
      } catch {
        throw circumstance(error, function.name)
      }
      return results
    } catch {
      fail(error)
      return hollow
    }
  }

  private func outOfSpace(
    _ bytes: Int, _ operation: String, _ pool: MemoryPool, _ folder: String
  ) -> DeviceError {
    .outOfSpace(
      operation: operation, folder: folder, requested: MemoryPool.blockSize(for: bytes),
      inUse: pool.usage.live)
  }

  /// What a fault of the device was for the operation that met it.
  package func circumstance(_ fault: DeviceFault, _ operation: String) -> DeviceError {
    switch fault {
    case .noRoom(let byteCount): outOfMemory(byteCount, operation)
    case .call(let call, let words, let isLost):
      .failed(
        operation: operation, device: .current, call: call, words: words, isLost: isLost)
    case .mistake(let error):
      .failed(
        operation: operation, device: .current, call: error.operation, words: "\(error)",
        isLost: false)
    }
  }

  /// Runs `body` on the device; a fault of it fails the operation. Returns whether there was none.
  @discardableResult
  package func run(
    _ operation: String, _ body: (any Backend) throws(DeviceFault) -> Void
  ) -> Bool {
    do throws(DeviceFault) {
      try body(self.backend)
      return true
    } catch {
      fail(error, in: operation)
      return false
    }
  }

  private func outOfMemory(_ bytes: Int, _ operation: String) -> DeviceError {
    let paths = self.modules.first.map { ObjectTree.paths(below: $0) } ?? [:]
    let pool = self.backend.pool
    let circumstance = OutOfMemory(
      operation: operation, path: moduleIdentity.flatMap { paths[$0] },
      requested: MemoryPool.blockSize(for: bytes), limit: pool.limit, usage: pool.usage,
      live: pool.live.map { $0.holding(paths) })
    return .outOfMemory(circumstance)
  }
}
