/// What the graph knows of a function that was applied: its name and its gradient.
package protocol Differentiable: Sendable {
  /// The name in messages and findings.
  var name: String { get }

  /// The gradient of each input, written in tensor operations so that it can be differentiated again.
  ///
  /// `inputs` and `output` are hollow where `saves` did not ask for them. Nil where no gradient flows. Whoever takes
  /// an argument over may let go of it on the way, and write over it where nobody else holds it.
  func backward(
    _ gradient: consuming Tensor, inputs: consuming [Tensor], output: Tensor
  ) -> [Tensor?]

  /// Which values `backward` reads.
  var saves: Saved { get }

  /// What gives the result once more from what a node keeps anyway; nil where that is not cheap. Whoever reads such a
  /// result in a backward pass does not keep it.
  ///
  /// It is the same to the bit, unless the node keeps rounded values and the reader rounds to that `dtype`, too.
  func remaking(_ inputs: [Tensor], as dtype: DType) -> (() -> Tensor)?
}

/// A function of tensors: its rule, its kernel and its gradient.
package protocol Operation: Differentiable {
  /// Shape and dtype of the result, or what the caller got wrong.
  func result(of inputs: [Tensor]) throws(TensorError) -> TensorSpec

  /// The elements of the result as a view of the first input's, for operations that only look differently at
  /// them; nil for all others.
  func view(of input: Layout, as spec: TensorSpec) -> Layout?

  /// Computes the result into `output`, which is fresh and contiguous.
  func forward(_ inputs: [Tensor], into output: Tensor, on backend: any Backend) throws(NoRoom)

  /// The dtype that inputs are cast to while an autocast is in force.
  var precision: PrecisionRule { get }

  /// Whether `forward` needs the elements of every input, or only those of the first.
  var readsEveryInput: Bool { get }

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
  /// The inputs beside each that has a gradient, as for products: a factor of constants is not kept.
  package static let otherInputs = Saved(rawValue: 4)

  /// The inputs, hollow where no gradient reads them or where they can be made again.
  fileprivate func kept(_ inputs: [Tensor]) -> [Tensor] {
    inputs.indices.map { position in
      let input = inputs[position]
      return areRead(position, inputs) && !input.isRemade ? input : input.hollow
    }
  }

  /// The inputs as gradients read them.
  func restored(_ inputs: [Tensor]) -> [Tensor] {
    inputs.indices.map { position in
      let input = inputs[position]
      return input.isHollow && areRead(position, inputs) ? input.remade() : input
    }
  }

  fileprivate func areRead(_ position: Int, _ inputs: [Tensor]) -> Bool {
    contains(.inputs)
      || contains(.otherInputs)
        && inputs.indices.contains { $0 != position && inputs[$0].requiresGradient }
  }
}

extension Tensor {
  /// Whether it is large, and cheap to make again.
  fileprivate var isRemade: Bool {
    count * dtype.byteCount >= MemoryArena.leastBlock && remaking(as: dtype) != nil
  }

  /// What makes the elements again for a reader of a dtype, where that is cheap.
  package func remaking(as dtype: DType) -> (() -> Tensor)? {
    node.flatMap { $0.operation.remaking($0.inputs, as: dtype) }
  }

  /// Itself with its elements again; still hollow when it cannot be made again.
  fileprivate func remade() -> Tensor {
    guard let remaking = remaking(as: dtype) else { return self }
    return Context.current.recording(false, remaking).with(origin: body.origin)
  }
}

extension Operation {
  package func view(of input: Layout, as spec: TensorSpec) -> Layout? { nil }
  package var readsEveryInput: Bool { true }
  package var precision: PrecisionRule { .asGiven }
  package var isElementwise: Bool { false }

  /// Applies the operation: autocast, check, allocate, compute, record. The one door through which every result comes.
  package func callAsFunction(_ inputs: Tensor...) -> Tensor { apply(to: inputs) }

  /// The same for inputs that are handed over: the result may take the memory of one that nobody else holds.
  package func apply(to given: consuming [Tensor]) -> Tensor {
    let context = Context.current
    var inputs = consume given
    if let autocast = context.autocast { inputs = autocast.prepared(inputs, precision) }
    do throws(TensorError) {
      let spec = try result(of: inputs)
      if context.observer != nil { return observed(inputs, spec, context) }
      let output = computed(&inputs, spec, context)
      return recorded(output, of: inputs, in: context)
    } catch {
      context.fail(error)
      return Tensor(storage: nil, layout: Layout(contiguous: .scalar), dtype: .float32)
    }
  }

  /// The result while somebody looks, who may keep the inputs.
  private func observed(_ inputs: [Tensor], _ spec: TensorSpec, _ context: Context) -> Tensor {
    var given = inputs
    return recorded(computed(&given, spec, context), of: inputs, in: context)
  }

  private func computed(
    _ inputs: inout [Tensor], _ spec: TensorSpec, _ context: Context
  ) -> Tensor {
    do throws(DeviceError) {
      return try attempt(&inputs, spec, context)
    } catch {
      context.fail(error)
      return Tensor(storage: nil, layout: Layout(contiguous: spec.shape), dtype: spec.dtype)
    }
  }

  private func attempt(
    _ inputs: inout [Tensor], _ spec: TensorSpec, _ context: Context
  ) throws(DeviceError) -> Tensor {
    if let first = inputs.first, let layout = view(of: first.layout, as: spec) {
      return Tensor(storage: first.body.storage, layout: layout, dtype: spec.dtype)
    }
    if readsEveryInput ? inputs.contains(where: \.isHollow) : inputs[0].isHollow {
      return Tensor(storage: nil, layout: Layout(contiguous: spec.shape), dtype: spec.dtype)
    }
    let isRecorded = context.isRecording && inputs.contains(where: \.requiresGradient)
    let owner = context.memoryOwner ?? (isRecorded ? .activations : .user)
    let output: Tensor
    if let own = takenOver(from: &inputs, spec, owner, context.resultPool, isRecorded) {
      output = own
    } else {
      output = try context.allocated(spec, for: name, owner)
    }
    guard spec.shape.count > 0 else { return output }
    do throws(NoRoom) {
      try forward(inputs, into: output, on: context.backend)
    } catch {
      throw context.outOfMemory(error.byteCount, name)
    }
    return output
  }
}

extension Operation {
  /// The memory of an input as that of the result, where nobody else reads it any more.
  private func takenOver(
    from inputs: inout [Tensor], _ spec: TensorSpec, _ owner: MemoryOwner, _ pool: MemoryPool,
    _ isRecorded: Bool
  ) -> Tensor? {
    guard isElementwise else { return nil }
    for position in inputs.indices where inputs[position].fills(spec) {
      if isRecorded, saves.areRead(position, inputs) { continue }
      let (layout, origin) = (inputs[position].layout, inputs[position].body.origin)
      // Taken out of the list, because that is a second holder.
      let (storage, isSole) = inputs[position].take().released()
      inputs[position] = Tensor(
        storage: storage, layout: layout, dtype: spec.dtype, origin: origin)
      // Paper that outlives its plan cannot be written, and a file of states is for states.
      guard isSole, storage?.owner === pool else { continue }
      let output = Tensor(storage: storage, layout: layout, dtype: spec.dtype)
      output.charge(to: owner)
      return output
    }
    return nil
  }
}

extension Differentiable {
  package var saves: Saved { .inputs }
  package func remaking(_ inputs: [Tensor], as dtype: DType) -> (() -> Tensor)? { nil }

  /// The result with a node of the graph behind it, when an input asks for gradients. Who looks is told.
  func recorded(_ output: Tensor, of inputs: [Tensor], in context: Context) -> Tensor {
    let result = noded(output, of: inputs, in: context)
    tell(result, of: inputs, in: context)
    return result
  }

  /// Tells who looks of a call.
  func tell(_ result: Tensor, of inputs: [Tensor], in context: Context) {
    guard context.observer != nil else { return }
    context.tell(
      ObservedCall(
        kind: .operation, name: name, module: context.moduleIdentity, inputs: inputs,
        outputs: [result], function: self))
  }

  private func noded(_ output: Tensor, of inputs: [Tensor], in context: Context) -> Tensor {
    guard context.isRecording, output.dtype.isFloatingPoint,
      inputs.contains(where: \.requiresGradient)
    else { return output }
    let node = Node(
      self, inputs: saves.kept(inputs), output: saves.contains(.output) ? output : output.hollow,
      in: context)
    return output.with(origin: node)
  }
}

extension Context {
  /// Where results have their memory from.
  fileprivate var resultPool: MemoryPool { otherPool ?? backend.pool }

  /// A tensor whose elements are not yet written.
  package func allocated(
    _ spec: TensorSpec, for operation: String, _ owner: MemoryOwner = .user
  ) throws(DeviceError) -> Tensor {
    let bytes = spec.shape.count * spec.dtype.byteCount
    let tag = MemoryTag(operation, owner: memoryOwner ?? owner, module: moduleIdentity)
    let pool = resultPool
    guard let storage = pool.take(byteCount: bytes, tag) else {
      throw pool.folder.map { outOfSpace(bytes, operation, pool, $0) }
        ?? outOfMemory(bytes, operation)
    }
    return Tensor(storage: storage, layout: Layout(contiguous: spec.shape), dtype: spec.dtype)
  }

  /// Results that one call makes, for what is not an ``Operation``; hollow ones after a failure.
  package func results(
    _ specs: [TensorSpec], of inputs: [Tensor], for function: some Differentiable,
    _ compute: ([Tensor]) throws(NoRoom) -> Void
  ) -> [Tensor] {
    let hollow = specs.map { Tensor.hollow($0.shape, $0.dtype) }
    if inputs.contains(where: \.isHollow) { return hollow }
    let isKept = isRecording && inputs.contains(where: \.requiresGradient)
    do throws(DeviceError) {
      var results: [Tensor] = []
      for spec in specs {
        results.append(try allocated(spec, for: function.name, isKept ? .activations : .user))
      }
      do throws(NoRoom) {
        try compute(results)
      } catch {
        throw outOfMemory(error.byteCount, function.name)
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

  fileprivate func outOfMemory(_ bytes: Int, _ operation: String) -> DeviceError {
    let paths = modules.first.map { ObjectTree.paths(below: $0) } ?? [:]
    let pool = backend.pool
    let circumstance = OutOfMemory(
      operation: operation, path: moduleIdentity.flatMap { paths[$0] },
      requested: MemoryPool.blockSize(for: bytes), limit: pool.limit, usage: pool.usage,
      live: pool.live.map { $0.holding(paths) })
    return .outOfMemory(circumstance)
  }
}
