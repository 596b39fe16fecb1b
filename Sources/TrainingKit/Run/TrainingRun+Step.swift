extension TrainingRun {
  /// Trains one step: loss, gradients, guard, clipping, smoothing, update, average.
  ///
  /// The guard skips the step when the loss or a gradient is not finite.
  ///
  /// - Errors: `TensorError` for a mistake in `loss`, `DeviceError` when memory runs out, and whatever `loss` throws;
  ///   nothing has changed then. ``RunError`` when this is one skipped step in a row too many, and ``LossScaleError``
  ///   when a loss scale cannot fall any further.
  public mutating func step(_ loss: (Model) throws -> Tensor) throws -> StepOutcome {
    try step(parts: [()]) { model, _ in (try loss(model), 1) }
  }

  /// Trains one step on a batch that is too large for memory, part by part.
  ///
  ///     try run.step(accumulating: batch.split(size: 16), weight: { Double($0.count) }) { model, part in
  ///       crossEntropy(model(part.x), part.y)
  ///     }
  ///
  /// The gradients are those of the mean of the parts' losses by weight. Where each loss is a mean, weights that are
  /// the numbers of what it is the mean of make that the loss of the whole batch, except that batch normalization
  /// sees the parts. A part of weight 0 is left out.
  ///
  /// - Errors: as for a step on one batch; also `TensorError` unless weights are 0 or more and one is above.
  public mutating func step<Part>(
    accumulating parts: some Collection<Part>, weight: (Part) -> Double = { _ in 1 },
    _ loss: (Model, Part) throws -> Tensor
  ) throws -> StepOutcome {
    let weights = parts.map(weight)
    let total = weights.reduce(0, +)
    guard weights.allSatisfy({ $0 >= 0 }), total > 0, total.isFinite else {
      throw TensorError.argument(
        "step", expected: "weights of 0 or more, one of them above", got: weights)
    }
    return try step(parts: zip(parts, weights).filter { $0.1 > 0 }) { model, part in
      (try loss(model, part.0), part.1)
    }
  }

  /// Trains one step on a batch that is too large for memory, where each loss knows what it is the mean of.
  ///
  ///     try run.step(accumulating: batch.split(size: 16)) { model, part in
  ///       crossEntropy(model(part.x), part.y, ignoreIndex: 0, reduction: .counted)
  ///     }
  ///
  /// The gradients are those of the whole batch's mean, however unequal the parts, also where labels are ignored and
  /// classes weighted. A part in which nothing counts is left out; when there is no other, the step is skipped.
  ///
  /// - Errors: as for a step on one batch.
  public mutating func step<Part>(
    accumulating parts: some Collection<Part>, _ loss: (Model, Part) throws -> LossSum
  ) throws -> StepOutcome {
    try step(parts: Array(parts)) { model, part in
      let sum = try loss(model, part)
      return (sum.mean, sum.count)
    }
  }

  /// Trains one step on parts with mean losses and the counts behind them.
  private mutating func step<Part>(
    parts: [Part], _ loss: (Model, Part) throws -> (mean: Tensor, count: Double)
  ) throws -> StepOutcome {
    try step { run, members, others in
      try run.passes(parts, members, &others, loss)
    } explaining: { run, error in
      run.explained(error, parts, loss)
    }
  }

  /// Trains one step with what its passes give.
  ///
  /// - Parameters:
  ///   - passes: gets the members of the model, and says which they are where they are no longer those.
  ///   - explaining: what is known of an error.
  mutating func step(
    _ passes: (inout Self, ModuleMembers, inout ModuleMembers?) throws -> StepPasses,
    explaining: (Self, any Error) -> any Error
  ) throws -> StepOutcome {
    let start = ContinuousClock.now
    let own = generator ?? .current
    let random = own.state
    var report = StepReport(step: steps, learningRate: schedule.learningRate(at: updates))
    let reason: SkipReason?
    do {
      reason = try Context.current.undoingWrites(unless: { $0 == nil }) {
        try Self.stepping(model, generator) { try attempt(&report, passes) }
      }
    } catch {
      own.state = random
      throw explaining(self, error)
    }
    try takeNote(of: reason)
    (report.updates, report.seconds) = (updates, start.secondsToNow)
    return reason.map { .skipped($0, report) } ?? .applied(report)
  }

  /// Runs `body` with what the work of a step depends on. It is no method of the run, whose states a step has to hold
  /// alone.
  static func stepping<Result>(
    _ model: Model, _ generator: RandomGenerator?, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let generator else {
      return try Context.current.entering(model) {
        try Context.current.charging(.gradients, body)
      }
    }
    return try withRandomGenerator(generator) { try stepping(model, nil, body) }
  }

  /// The error with what would have made room, where a limit was met.
  func explained<Part>(
    _ error: any Error, _ parts: [Part],
    _ loss: (Model, Part) throws -> (mean: Tensor, count: Double)
  ) -> any Error {
    guard case .outOfMemory(var circumstance)? = error as? DeviceError,
      circumstance.isAtLimit, !Context.current.backend.isPaper
    else { return error }
    circumstance.growth = memoryGrowth
    let batches = parts as? [Batch]
    let found = withoutActuallyEscaping(loss) { loss in
      func search(_ run: Self) -> FitSearch<Model> {
        FitSearch(run: run, budget: circumstance.limit) { run, count in
          let pieces = batches?.flatMap { $0.split(size: max(1, $0.count / count)) } as? [Part]
          _ = try run.step(parts: pieces ?? parts, loss)
        }
      }
      let half = try? search(StatePlace(self).halved.run).fastest(largestSplit: 1, [])
      let others = try? search(self).single(largestSplit: batches?.map(\.count).max() ?? 1)
      return (others ?? []) + (half == nil ? [] : [.halfState])
    }
    circumstance.remedies = found.map { $0.times(parts.count) }
    return DeviceError.outOfMemory(circumstance)
  }

  /// Counts a step by what became of it.
  private mutating func takeNote(of reason: SkipReason?) throws(RunError) {
    steps += 1
    memoryWatch.endStep()
    guard let reason else {
      (updates, skipsInARow) = (updates + 1, 0)
      return
    }
    if case .overflow = reason { return }
    skipsInARow += 1
    if skipsInARow >= skipLimit { throw .stuck(skips: skipsInARow, reason) }
  }

  /// Moves the weights, or returns why not.
  private mutating func attempt(
    _ report: inout StepReport,
    _ passes: (inout Self, ModuleMembers, inout ModuleMembers?) throws -> StepPasses
  ) throws -> SkipReason? {
    var members = currentMembers()
    try validated { _ = average?.hasOwnWeights(model, "step") }
    try prepareUpdate(of: members)
    var others: ModuleMembers?
    let passes = try passes(&self, members, &others)
    if let others {
      (members, self.members) = (others, others)
    }
    let (loss, gradients): (Double, ScaledGradients)
    switch passes {
    case .nonFiniteLoss(let value):
      report.loss = value
      return .nonFiniteLoss(value)
    case .empty: return .emptyBatch
    case .found(let value, let found): (loss, gradients) = (value, found)
    }
    (report.loss, report.missing) = (loss, gradients.missing)
    if gradients.paths.isEmpty { return .noGradients }
    switch try validated({ gradients.unscaled() }) {
    case .finite(let gradients):
      try move(members, against: gradients, &report)
      return nil
    case .nonFinite(let found):
      report.clipping = ClippingReport(of: found)
      return try refuse(found.nonFinitePaths, &report)
    }
  }

  /// The loss and the gradients of all parts.
  private func passes<Part>(
    _ parts: [Part], _ members: ModuleMembers, _ others: inout ModuleMembers?,
    _ loss: (Model, Part) throws -> (mean: Tensor, count: Double)
  ) throws -> StepPasses {
    var sum = GradientAccumulator()
    for part in parts {
      let value = try add(part, to: &sum, others ?? members, &others, loss)
      guard value.isFinite else { return .nonFiniteLoss(value) }
    }
    return sum.mean(scale: precision.scaler?.scale ?? 1).map { .found($0.loss, $0.gradients) }
      ?? .empty
  }

  /// The members of the model as far as a step asks for them. A walk takes longer than the step of a small network, and
  /// so they are found again only where the loss reaches other parameters, or where more than parameters is asked for.
  private mutating func currentMembers() -> ModuleMembers {
    if let members, average == nil, recomputation.patterns.isEmpty { return members }
    let found = ModuleMembers(of: model)
    members = found
    return found
  }

  /// Adds the gradients of a part, unless its loss is not finite. Returns the loss.
  ///
  /// - Parameters:
  ///   - others: the members of the model, where they are no longer those that were known.
  ///   - read: gives the value of the loss.
  func add<Part>(
    _ part: Part, to sum: inout GradientAccumulator, _ members: ModuleMembers,
    _ others: inout ModuleMembers?, read: (Tensor) -> Double = { $0.item() },
    _ loss: (Model, Part) throws -> (mean: Tensor, count: Double)
  ) throws -> Double {
    let context = Context.current
    var (value, count, number) = try context.charging(.activations) {
      try validated {
        let (value, count) = try context.recomputing(recomputation.modules(of: members)) {
          try precision.applied { try loss(model, part) }
        }
        // Read here, because a device may find mistakes only when somebody waits for it.
        return (value, count, count > 0 && value.count == 1 ? read(value.detached()) : 0)
      }
    }
    guard value.count == 1 else {
      throw TensorError.shape("step", expected: "a loss of one element", got: value.shape)
    }
    // The sign of what is not a number says nothing.
    guard number.isFinite else { return number.isNaN ? .nan : number }
    var found: ModuleMembers?
    try validated {
      // Nobody else holds the graph, so that the backward pass frees it on its way.
      let gradients = members.parameters.gradients(
        of: value.take(), scaledBy: precision.scaler,
        renewed: {
          found = ModuleMembers(of: model)
          return found!.parameters
        })
      sum.add(gradients, ofMean: number, count: count)
    }
    if let found { others = found }
    return number
  }

  /// Moves all that an applied step moves. A step that fails leaves no trace.
  private mutating func move(
    _ members: ModuleMembers, against gradients: Gradients, _ report: inout StepReport
  ) throws {
    var (clipping, smoothing, scaler) = (clipping, smoothing, precision.scaler)
    report.scale = try scaler?.update(nonFinite: [])
    let gradients = try validated {
      let (clipped, clip) = clipping.clip(gradients, parameters: members.parameters)
      report.clipping = clip
      return smoothing?.smoothed(clipped) ?? clipped
    }
    let room = try validated { average?.reserve(for: members) }
    try update(members, with: gradients, learningRate: report.learningRate)
    // Nothing below fails.
    if let room { report.average = average?.update(from: members, in: room) }
    (self.clipping, self.smoothing, precision.scaler) = (clipping, smoothing, scaler)
  }

  /// Why gradients that are not finite move nothing but the loss scale, where there is one.
  private mutating func refuse(
    _ paths: [String], _ report: inout StepReport
  ) throws(LossScaleError) -> SkipReason {
    guard let scale = precision.scaler?.scale else { return .nonFiniteGradient(paths[0]) }
    report.scale = try precision.scaler!.update(nonFinite: paths)
    return .overflow(paths[0], scale: scale)
  }
}

/// What the forward and backward passes of a step give.
enum StepPasses {
  /// The first loss that is not finite.
  case nonFiniteLoss(Double)
  /// Nothing counts.
  case empty
  /// The mean loss and its gradients.
  case found(Double, ScaledGradients)
}

extension MemoryRemedy {
  /// The remedy where each of some parts was cut.
  fileprivate func times(_ count: Int) -> MemoryRemedy {
    if case .parts(let pieces) = self { .parts(pieces * count) } else { self }
  }
}

extension Precision {
  /// Runs the forward part of a step.
  fileprivate func applied<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let autocastType else { return try body() }
    return try autocast(autocastType, body)
  }
}

extension ContinuousClock.Instant {
  var secondsToNow: Double {
    let (seconds, attoseconds) = duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
