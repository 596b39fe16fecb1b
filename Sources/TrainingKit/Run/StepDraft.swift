/// A step that is being recorded: what its kernels may read, and what becomes of that.
final class StepDraft {
  let recorder: RecordingBackend
  let members: ModuleMembers
  /// What the loss gets, and what stands for it on the tape; nil for tensors without elements.
  private(set) var inputs: [(tensor: Tensor, place: TapePlace?)] = []
  private(set) var parameters: [(Parameter, TapePlace)] = []
  private(set) var buffers: [(Buffer, TapePlace, TensorForm)] = []
  /// The loss where the tape has it.
  private(set) var loss: Tensor?
  private(set) var random = RandomDistances()
  private let generator: RandomGenerator
  private let start: RandomPlace?

  init(
    _ inputs: [Tensor], _ members: ModuleMembers, _ generator: RandomGenerator,
    in context: Context
  ) {
    (self.members, self.generator) = (members, generator)
    start = RandomPlace(generator.state)
    recorder = RecordingBackend(
      base: .shared, generator: generator, at: start.map { ($0.key, $0.position) },
      path: { context.place?.path ?? "" })
    for x in inputs {
      // Each has a storage of its own, so that one is told from another.
      let own = x.borrowed()
      self.inputs.append((own, recorder.give(own)))
    }
    for named in members.parameters {
      if recorder.isKnown(named.parameter.value) { named.parameter.separate() }
      if let place = recorder.give(named.parameter.value) {
        parameters.append((named.parameter, place))
      }
    }
    for (_, buffer) in members.buffers {
      if recorder.isKnown(buffer.value) { buffer.value = buffer.value.copied() }
      if let place = recorder.give(buffer.value) {
        buffers.append((buffer, place, buffer.value.form))
      }
    }
  }

  /// Reads the loss, with which the forward pass ends.
  func read(_ value: Tensor) -> Double {
    recorder.endForward(loss: value) {
      if let place = recorder.place(of: value) {
        loss = place.tensor(value.form)
      }
      random.forward = distance
      return value.item()
    }
  }

  /// Ends the backward pass.
  func end() { random.whole = distance }

  private var distance: UInt64 {
    guard let start, let now = RandomPlace(generator.state) else { return 0 }
    return now.position &- start.position
  }

  /// The buffers that the passes wrote to, each once.
  func writtenBuffers(in context: Context) -> [Buffer] {
    var seen: Set<ObjectIdentifier> = []
    return (context.writes ?? []).compactMap { write in
      guard let write = write as? BufferWrite else {
        recorder.refuse(.unsupported, "\(type(of: write))")
        return nil
      }
      return seen.insert(ObjectIdentifier(write.buffer)).inserted ? write.buffer : nil
    }
  }
}

/// Where a Philox stream stands.
struct RandomPlace {
  let key: UInt64
  let position: UInt64

  init?(_ state: RandomState) {
    guard case .philox(let key, let position) = state.stream else { return nil }
    (self.key, self.position) = (key, position)
  }
}
