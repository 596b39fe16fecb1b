/// A model in training, with all that decides how it moves.
///
///     var run = TrainingRun(
///       model: model, optimizer: AdamW(weightDecay: 0.01),
///       schedule: .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000)),
///       clipping: .globalNorm(1))
///     for batch in loader {
///       let outcome = try run.step { model in crossEntropy(model(batch.x), batch.y) }
///       if case .skipped(let reason, _) = outcome { print(reason) }
///     }
public struct TrainingRun<Model: Module> {
  /// The model, whose parameters the run moves.
  public let model: Model
  /// The rule by which they move.
  public var optimizer: any Optimizer
  /// The learning rate of each update.
  public var schedule: Schedule
  /// How gradients are kept from being too large.
  public var clipping: Clipping
  /// Where steps draw random numbers from; nil for the current generator.
  public var generator: RandomGenerator?

  /// The steps so far, skipped ones included.
  public internal(set) var steps = 0
  /// The updates so far: steps that were applied.
  public internal(set) var updates = 0
  /// The steps that were skipped.
  public var skippedSteps: Int { steps - updates }

  /// Starts a run.
  public init(
    model: Model, optimizer: any Optimizer, schedule: Schedule, clipping: Clipping = .none,
    generator: RandomGenerator? = nil
  ) {
    self.model = model
    self.optimizer = optimizer
    self.schedule = schedule
    self.clipping = clipping
    self.generator = generator
  }
}

extension TrainingRun {
  /// Trains one step: loss, gradients, guard, clipping, update.
  ///
  /// The guard skips the step when the loss or a gradient is not finite.
  ///
  /// - Errors: `TensorError` for a mistake in `loss`, `DeviceError` when memory runs out, and whatever `loss` throws.
  ///   Nothing has changed then.
  public mutating func step(_ loss: (Model) throws -> Tensor) throws -> StepOutcome {
    try step(accumulating: CollectionOfOne(())) { model, _ in try loss(model) }
  }

  /// Trains one step on a batch that is too large for memory, part by part.
  ///
  ///     try run.step(accumulating: batch.split(size: 16), weight: { Double($0.count) }) { model, part in
  ///       crossEntropy(model(part.x), part.y)
  ///     }
  ///
  /// The gradients are those of the mean of the parts' losses by weight. Where each loss is a mean, weights that are
  /// the numbers of what it is the mean of make that the loss of the whole batch, except that batch normalization
  /// sees the parts.
  ///
  /// - Errors: as for a step on one batch; also `TensorError` unless weights are 0 or more and one is above.
  public mutating func step<Part>(
    accumulating parts: some Collection<Part>, weight: (Part) -> Double = { _ in 1 },
    _ loss: (Model, Part) throws -> Tensor
  ) throws -> StepOutcome {
    let start = ContinuousClock.now
    let generator = generator ?? .current
    let (random, buffers) = (generator.state, SavedBuffers(of: model))
    var report = StepReport(step: steps, learningRate: schedule.learningRate(at: updates))
    do {
      let shares = try shares(of: parts.map(weight))
      let reason = try withRandomGenerator(generator) {
        try attempt(&report, zip(parts, shares), loss)
      }
      steps += 1
      if reason == nil { updates += 1 } else { buffers.restore() }
      (report.updates, report.seconds) = (updates, start.secondsToNow)
      return reason.map { .skipped($0, report) } ?? .applied(report)
    } catch {
      buffers.restore()
      generator.state = random
      throw error
    }
  }

  private func shares(of weights: [Double]) throws -> [Double] {
    let total = weights.reduce(0, +)
    guard weights.allSatisfy({ $0 >= 0 }), total > 0, total.isFinite else {
      throw TensorError.argument(
        "step", expected: "weights of 0 or more, one of them above", got: weights)
    }
    return weights.map { $0 / total }
  }

  /// Moves the weights, or returns why not.
  private mutating func attempt<Part>(
    _ report: inout StepReport, _ parts: some Sequence<(Part, Double)>,
    _ loss: (Model, Part) throws -> Tensor
  ) throws -> SkipReason? {
    let (value, found) = try differentiated(parts, loss)
    report.loss = value
    guard let gradients = found else { return .nonFiniteLoss(value) }
    report.missing = gradients.missing
    if gradients.paths.isEmpty { return .noGradients }
    // A step that fails must leave no trace in the history of adaptive clipping.
    var next = clipping
    let (clipped, clip) = try validated { next.clip(gradients, of: model) }
    (report.gradientNorm, report.clipFactor) = (clip.norm, clip.factor)
    if let path = clip.nonFinite { return .nonFiniteGradient(path) }
    try validated {
      optimizer.update(model, with: clipped, learningRate: report.learningRate)
    }
    clipping = next
    return nil
  }

  /// The mean loss of the parts and its gradients; no gradients as soon as a loss is not finite.
  private func differentiated<Part>(
    _ parts: some Sequence<(Part, Double)>, _ loss: (Model, Part) throws -> Tensor
  ) throws -> (loss: Double, gradients: Gradients?) {
    var mean = 0.0
    var sum: Gradients?
    for (part, share) in parts where share > 0 {
      let value = try validated { try loss(model, part) }
      guard value.count == 1 else {
        throw TensorError.shape("step", expected: "a loss of one element", got: value.shape)
      }
      let number = value.detached().item()
      guard number.isFinite else { return (number, nil) }
      mean += share * number
      var gradients = try validated { model.gradients(of: consume value) }
      // Halves would stop growing after some hundred parts.
      if share < 1 { gradients = gradients.mapped { $1.cast(to: $1.dtype.updateType) * share } }
      sum = sum.map { $0 + gradients } ?? gradients
    }
    return (mean, sum)
  }
}

/// The buffers of a model as they were before a step.
private struct SavedBuffers {
  private let values: [(buffer: Buffer, value: Tensor)]

  init(of model: some Module) {
    values = ModuleMembers(of: model).buffers.map { ($0.buffer, $0.buffer.value) }
  }

  func restore() {
    for (buffer, value) in values { buffer.value = value }
  }
}

extension ContinuousClock.Instant {
  fileprivate var secondsToNow: Double {
    let (seconds, attoseconds) = duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
