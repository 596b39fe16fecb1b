extension TrainingRun {
  /// Trains one step on inputs. Where the run ``isCompiled``, the passes are recorded once and replayed while shapes
  /// stay.
  ///
  ///     run.isCompiled = true
  ///     for batch in loader {
  ///       let outcome = try run.step(on: [batch.x, batch.y]) { model, inputs in
  ///         crossEntropy(model(inputs[0]), inputs[1])
  ///       }
  ///     }
  ///
  /// A replay makes the same calls of kernels without calling the loss: what the loss does beside computing with
  /// tensors happens only when it is recorded. Numbers that are no tensors are as they were then. So that this is seen
  /// before it does harm, the loss is called again for the second step, and from then on ever more rarely; the step is
  /// not taken unless it computes the same. Other shapes, dtypes, modes, members of the model, precision or scales of
  /// the loss are recorded anew, and so is the loss of another place in the source.
  ///
  /// Steps are not replayed, to the same bits, on a GPU, while a plan is made, and while somebody looks inside
  /// (``observing(_:with:_:)``).
  ///
  /// - Parameters:
  ///   - inputs: all that differs from step to step. Their elements are constants of the step: no gradient flows to
  ///     them.
  ///   - file: where the loss stands, which tells recordings apart.
  ///   - line: its line.
  ///   - column: its column.
  ///   - loss: gets the inputs in their order.
  /// - Numerics: the same bits as without recording.
  /// - Errors: as for ``step(_:)``; also ``RecordingError`` where the run is compiled and the loss reads other tensors
  ///   than inputs, parameters and buffers, or shows elements to the program.
  public mutating func step(
    on inputs: [Tensor], file: String = #fileID, line: UInt = #line, column: UInt = #column,
    _ loss: (Model, [Tensor]) throws -> Tensor
  ) throws -> StepOutcome {
    let context = Context.current
    let isReplayable =
      context.backend === CPUBackend.shared && context.observer == nil
      && inputs.allSatisfy { $0.storage.map { $0.deviceNumber == 0 } ?? true }
    let inputs = inputs.map { $0.detached() }
    guard isCompiled, isReplayable else { return try step { model in try loss(model, inputs) } }
    let purpose = StepRecording.Purpose(
      file: file, line: line, column: column, autocastType: precision.autocastType,
      scale: precision.scaler?.scale ?? 1, recomputation: recomputation)
    do {
      return try step { run, members, others in
        try run.passes(on: inputs, purpose, &others, loss)
      } explaining: { run, error in
        run.explained(error, [()]) { model, _ in (try loss(model, inputs), 1) }
      }
    } catch let error as DeviceError {
      // Another step may need the memory.
      recordings = []
      throw error
    }
  }

  /// The kernels that the latest recording calls in a replay; nil where there is none.
  package var replayedCalls: Int? { recordings.last?.tape.count }

  /// The loss and the gradients, from a recording where there is one.
  private mutating func passes(
    on inputs: [Tensor], _ purpose: StepRecording.Purpose, _ others: inout ModuleMembers?,
    _ loss: (Model, [Tensor]) throws -> Tensor
  ) throws -> StepPasses {
    let (context, model) = (Context.current, model)
    recordings.removeAll { !$0.isOf(model) }
    guard let position = recordings.lastIndex(where: { $0.binds(inputs, purpose) }) else {
      return try recordedPasses(on: inputs, purpose, &others, loss).passes
    }
    let known = recordings[position]
    if position + 1 < recordings.count {
      recordings.remove(at: position)
      recordings.append(known)
    }
    guard known.isToBeChecked else { return try known.replay(.current, in: context) }
    recordings.removeLast()
    let (passes, recording) = try recordedPasses(on: inputs, purpose, &others, loss)
    guard let recording else {
      recordings.append(known)
      return passes
    }
    recordings.removeLast()
    if let operation = known.difference(from: recording) {
      throw RecordingError.changed(operation: operation)
    }
    recordings.append(known)
    return passes
  }

  /// Computes the passes and records them. There is no recording of a loss that is not finite, and none without memory
  /// for it.
  private mutating func recordedPasses(
    on inputs: [Tensor], _ purpose: StepRecording.Purpose, _ others: inout ModuleMembers?,
    _ loss: (Model, [Tensor]) throws -> Tensor
  ) throws -> (passes: StepPasses, recording: StepRecording?) {
    let context = Context.current
    let members = ModuleMembers(of: model)
    others = members
    let draft = StepDraft(inputs, members, .current, in: context)
    var sum = GradientAccumulator()
    let value = try context.computing(on: draft.recorder) {
      try add(inputs, to: &sum, members, &others, read: draft.read) { model, _ in
        (try loss(model, draft.inputs.map(\.tensor)), 1)
      }
    }
    if let refusal = draft.recorder.refusal { throw RecordingError(refusal) }
    guard value.isFinite else { return (.nonFiniteLoss(value), nil) }
    guard let (mean, gradients) = sum.mean(scale: purpose.scale) else { return (.empty, nil) }
    draft.end()
    let recording = StepRecording(draft, gradients: gradients.gradients, purpose, in: context)
    if let refusal = draft.recorder.refusal { throw RecordingError(refusal) }
    if let recording {
      if recordings.count == Self.largestRecordingCount { recordings.removeFirst() }
      recordings.append(recording)
    }
    return (.found(mean, gradients), recording)
  }

  private static var largestRecordingCount: Int { 4 }
}
