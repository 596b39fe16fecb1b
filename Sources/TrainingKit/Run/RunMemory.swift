extension TrainingRun {
  /// Plans what `body` does with this run, from where it stands. The run stays as it is.
  ///
  ///     let plan = try run.memoryPlan { run in
  ///       _ = try run.step { model in crossEntropy(model(batch.x), batch.y) }
  ///     }
  ///
  /// The first steps of a run need memory that later ones find: two tell the peak of all.
  ///
  /// - Errors: whatever `body` throws.
  public func memoryPlan(_ body: (inout Self) throws -> Void) throws -> MemoryPlan {
    let (members, generator) = (ModuleMembers(of: model), generator ?? .current)
    let (parameters, buffers) = (
      members.parameters.map(\.parameter.value), members.buffers.map(\.buffer.value)
    )
    let random = generator.state
    defer {
      for (named, value) in zip(members.parameters, parameters) { named.parameter.value = value }
      for ((_, buffer), value) in zip(members.buffers, buffers) { buffer.value = value }
      generator.state = random
    }
    let base = Device.current.memory.live - ownBytes(members)
    return try MemoryPlan(base: base) { device in
      var paper = onPaper(members, device)
      try body(&paper)
    }
  }

  private func onPaper(_ members: ModuleMembers, _ device: PaperBackend) -> Self {
    var (paper, copier) = (self, PaperCopier(device: device))
    copier.copy(&paper, members)
    return paper
  }

  /// The bytes of memory of everything that the run keeps from step to step.
  private func ownBytes(_ members: ModuleMembers) -> Int {
    var sizes: [ObjectIdentifier: Int] = [:]
    for tensor in members.tensors + keptTensors {
      guard let storage = tensor.storage, !storage.isInFile else { continue }
      sizes[ObjectIdentifier(storage)] = MemoryPool.blockSize(for: storage.byteCount)
    }
    return sizes.values.reduce(0, +)
  }

  private var keptTensors: [Tensor] {
    optimizer.states.values.flatMap(\.tensors.values)
      + (smoothing?.states.values.flatMap(\.tensors.values) ?? [])
      + (average.map { Array($0.weights.values) } ?? [])
  }
}

extension ModuleMembers {
  fileprivate var tensors: [Tensor] {
    parameters.map(\.parameter.value) + buffers.map(\.buffer.value)
  }
}

/// Copies of tensors on paper. What shares memory does so there, too.
private struct PaperCopier {
  let device: PaperBackend
  private var copies: [ObjectIdentifier: Storage] = [:]

  init(device: PaperBackend) { self.device = device }

  mutating func copy<Model>(_ run: inout TrainingRun<Model>, _ members: ModuleMembers) {
    for named in members.parameters {
      named.parameter.value = copied(named.parameter.value, .weights)
    }
    for (_, buffer) in members.buffers { buffer.value = copied(buffer.value, .weights) }
    var states = run.optimizer.states
    for (path, state) in states {
      for (name, tensor) in state.tensors {
        states[path]!.tensors[name] = copied(tensor, .optimizer)
      }
    }
    run.optimizer.states = states
    run.smoothing?.replaceTensors { copied($0, .gradients) }
    for (path, tensor) in run.average?.weights ?? [:] {
      run.average?.weights[path] = copied(tensor, .average)
    }
  }

  private mutating func copied(_ tensor: Tensor, _ owner: MemoryOwner) -> Tensor {
    guard let storage = tensor.storage else { return tensor }
    let identity = ObjectIdentifier(storage)
    let tag = MemoryTag("kept", owner: owner, module: nil)
    let pool = storage.isInFile ? device.filePool : device.pool
    copies[identity] = copies[identity] ?? pool.take(byteCount: storage.byteCount, tag)
    return Tensor(storage: copies[identity], layout: tensor.layout, dtype: tensor.dtype)
  }
}

extension Storage {
  fileprivate var isInFile: Bool { (owner as? MemoryPool)?.folder != nil }
}
