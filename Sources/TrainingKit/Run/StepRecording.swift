/// The passes of a step on inputs of some shapes, recorded to be replayed.
final class StepRecording {
  /// What a recording is for, beside the inputs: with anything else, the same calls would be wrong.
  struct Purpose: Equatable {
    let file: String
    let line, column: UInt
    let autocastType: DType?
    let scale: Double
    let recomputation: Recomputation
  }

  /// Something that the calls read, wherever it lies at the time.
  private struct Root {
    let place: TapePlace
    let form: TensorForm

    /// Has the calls read a tensor; false where its elements lie in another order.
    func bind(_ x: borrowing Tensor) -> Bool {
      guard let storage = x.storage else { return false }
      if x.form !== form {
        guard x.form.dtype == form.dtype, x.form.layout.strides == form.layout.strides,
          x.form.layout.shape == form.layout.shape
        else { return false }
      }
      let shift = x.form.layout.offset - form.layout.offset
      place.lie(in: storage, shiftedBy: shift * form.dtype.byteCount)
      return true
    }
  }

  /// Something that the calls make for whoever asked for the step. Its memory is taken anew when somebody still holds
  /// that of an earlier step.
  private struct Result {
    let place: TapePlace
    let owner: MemoryOwner
    var storage: Storage?

    mutating func renew(_ context: Context) throws(DeviceError) {
      if storage != nil, isKnownUniquelyReferenced(&storage) { return }
      let bytes = TensorForm(TensorSpec([place.byteCount], .uint8))
      let fresh = try context.charging(owner) { () throws(DeviceError) in
        try context.allocated(bytes, for: "recorded step")
      }
      storage = fresh.storage
      place.lie(in: fresh.storage!)
    }
  }

  let purpose: Purpose
  let tape: KernelTape
  private let inputs: [(root: Root?, form: TensorForm)]
  private let parameters: [(parameter: Parameter, root: Root)]
  private let buffers: [(buffer: Buffer, root: Root)]
  private let loss: Tensor
  @exclusivity(unchecked) private var results: [Result] = []
  /// In the order of the paths.
  private var gradients: [(result: Int, form: TensorForm)] = []
  private var written: [(buffer: Buffer, result: Int, form: TensorForm)] = []
  private let paths: [String]
  private let missing: [String]
  private let random: RandomDistances
  private let identity: ModelIdentity
  @exclusivity(unchecked) private var generation: Int
  /// How often the calls were made.
  private(set) var uses = 1

  /// Ends a recording; nil where there is no memory for it, or the recorder has refused something.
  init?(_ draft: StepDraft, gradients found: Gradients, _ purpose: Purpose, in context: Context) {
    let recorder = draft.recorder
    guard let loss = draft.loss else { return nil }
    (self.purpose, tape, self.loss) = (purpose, recorder.tape, loss)
    (paths, missing, random) = (found.paths, found.missing, draft.random)
    (identity, generation) = (ModelIdentity(of: draft.members), ModelGeneration.current)
    inputs = draft.inputs.map { x, place in
      (place.map { Root(place: $0, form: x.form) }, x.form)
    }
    parameters = draft.parameters.filter(\.1.isUsed).map {
      ($0, Root(place: $1, form: $0.value.form))
    }
    buffers = draft.buffers.filter(\.1.isUsed).map { ($0, Root(place: $1, form: $2)) }
    for path in found.paths {
      guard let (result, form) = result(found.unscaled(path)!.gradient, .gradients, recorder) else {
        return nil
      }
      gradients.append((result, form))
    }
    for buffer in draft.writtenBuffers(in: context) {
      guard let (result, form) = result(buffer.value, .weights, recorder) else { return nil }
      written.append((buffer, result, form))
    }
    guard recorder.refusal == nil, tape.layOut(in: recorder.pool) else { return nil }
  }

  private func result(
    _ x: Tensor, _ owner: MemoryOwner, _ recorder: RecordingBackend
  ) -> (Int, TensorForm)? {
    guard let (place, form) = recorder.keep(x) else { return nil }
    if let known = results.firstIndex(where: { $0.place === place }) { return (known, form) }
    results.append(Result(place: place, owner: owner))
    return (results.count - 1, form)
  }

  /// Whether the recording is of a step like this one. Inputs are bound then, and so is the model.
  func binds(_ others: [Tensor], _ purpose: Purpose) -> Bool {
    guard others.count == inputs.count, purpose == self.purpose else { return false }
    for position in inputs.indices {
      let (root, form) = inputs[position]
      if let root {
        guard root.bind(others[position]) else { return false }
      } else if !others[position].form.isLike(form) {
        return false
      }
    }
    for (parameter, root) in parameters where !root.bind(parameter.value) { return false }
    for (buffer, root) in buffers where !root.bind(buffer.value) { return false }
    return true
  }

  /// Whether the model still has the members and modes that it had.
  func isOf(_ model: some Module) -> Bool {
    let now = ModelGeneration.current
    if now == generation { return true }
    guard ModelIdentity(of: ModuleMembers(of: model)) == identity else { return false }
    generation = now
    return true
  }

  /// Whether the loss is to be called again, to see that it still computes the same: at first, and ever more rarely.
  var isToBeChecked: Bool { uses & (uses - 1) == 0 || uses % 1024 == 0 }

  /// What another recording of the same step computes otherwise; nil for nothing.
  func difference(from other: StepRecording) -> String? {
    uses += 1
    if identity != other.identity { return "model" }
    if let name = tape.difference(from: other.tape) { return name }
    let isSame =
      missing == other.missing && random == other.random
      && paths == other.paths
      && zip(results, other.results).allSatisfy { $0.place.isLike($1.place) }
      && written.map { ObjectIdentifier($0.buffer) }
        == other.written.map { ObjectIdentifier($0.buffer) }
    return isSame ? nil : "result"
  }

  /// Makes the calls on what was bound.
  func replay(
    _ generator: @autoclosure () -> RandomGenerator, in context: Context
  ) throws -> StepPasses {
    uses += 1
    try results.withUnsafeMutableBufferPointer { results throws(DeviceError) in
      for position in results.indices { try results[position].renew(context) }
    }
    let results = results
    let generator = random.isUsed ? generator() : nil
    let start = try generator.map(randomStart)
    let value = try calling(context) { () throws(DeviceFault) in
      try tape.runForward()
      return loss.item()
    }
    guard value.isFinite else {
      // The backward pass has not drawn its own.
      if let start, random.forward != random.whole {
        generator!.state = start.moved(by: random.forward)
      }
      return .nonFiniteLoss(value.isNaN ? .nan : value)
    }
    try calling(context) { () throws(DeviceFault) in try tape.runBackward() }
    for (buffer, result, form) in written {
      buffer.value = Tensor(storage: results[result].storage, form: form)
    }
    let found = Gradients(
      paths: paths, missing: missing,
      tensors: gradients.map { Tensor(storage: results[$0.result].storage, form: $0.form) },
      areMeasured: purpose.scale == 1)
    return .found(value, ScaledGradients(found, scale: purpose.scale))
  }

  /// Where the calls draw random numbers from. The generator has moved on then, as others may draw from it meanwhile.
  private func randomStart(_ generator: RandomGenerator) throws(RecordingError) -> RandomPlace {
    guard let start = generator.moveOn(by: random.whole).flatMap(RandomPlace.init) else {
      throw .random(operation: "random numbers", path: "")
    }
    tape.draw(fromKey: start.key, position: start.position)
    return start
  }

  /// Runs `body`, whose faults are those of the step.
  private func calling<Value>(
    _ context: Context, _ body: () throws(DeviceFault) -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch .mistake(let error) {
      throw error
    } catch {
      throw context.circumstance(error, "step")
    }
  }
}

/// How far the passes move a stream of random numbers, in its places.
struct RandomDistances: Equatable {
  var forward: UInt64 = 0
  var whole: UInt64 = 0
  var isUsed: Bool { whole > 0 || forward > 0 }
}

extension RandomPlace {
  fileprivate func moved(by distance: UInt64) -> RandomState {
    RandomState(.philox(key: key, position: position &+ distance))
  }
}

extension TensorForm {
  /// Whether elements lie in the same order.
  fileprivate func isLike(_ other: TensorForm) -> Bool {
    self === other
      || dtype == other.dtype && layout.shape == other.layout.shape
        && layout.strides == other.layout.strides
  }
}
