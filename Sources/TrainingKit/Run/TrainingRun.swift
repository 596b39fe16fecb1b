/// A model in training, with all that decides how it moves.
///
///     var run = TrainingRun(
///       model: model, optimizer: AdamW(weightDecay: 0.01),
///       schedule: .warmup(steps: 100).then(.cosine(peak: 1e-3, steps: 2_000)),
///       precision: .mixed(.bfloat16), clipping: .globalNorm(1),
///       average: .exponential(decay: 0.999))
///     for batch in loader {
///       let outcome = try run.step { model in crossEntropy(model(batch.x), batch.y) }
///       if case .skipped(let reason, _) = outcome { print(reason) }
///     }
///     let accuracy = try run.withAveragedWeights { model in evaluate(model) }
public struct TrainingRun<Model: Module> {
  /// The model, whose parameters the run moves.
  public let model: Model
  /// The rule by which they move.
  public var optimizer: any Optimizer {
    get { ownOptimizer }
    set { (ownOptimizer, updatePlan) = (newValue, nil) }
  }
  /// The learning rate of each update.
  public var schedule: Schedule
  /// What losses are computed in, and what they are scaled by.
  public var precision: Precision
  /// How gradients are kept from being too large.
  public var clipping: Clipping
  /// What averages clipped gradients over steps; nil for each step's own.
  public var smoothing: GradientSmoothing?
  /// The average of the weights, which applied steps move; nil for none.
  public var average: WeightAverage?
  /// Which modules keep no intermediate values between the forward and the backward pass. It changes no bit.
  public var recomputation = Recomputation.none
  /// Where the optimizer's state lies; nil for memory. It changes no bit.
  public var stateFile: StateFile? { didSet { updatePlan = nil } }
  /// Whether steps on given inputs record their passes once and replay them from then on, which takes less time where
  /// kernels are short. It changes no bit. See ``step(on:file:line:column:_:)``.
  ///
  /// Recordings keep the memory of their step. Setting it forgets them, which a model needs that has been put together
  /// otherwise of modules that were there before.
  public var isCompiled = false { didSet { recordings = [] } }
  /// Where steps draw random numbers from; nil for the current generator.
  public var generator: RandomGenerator?
  /// How many steps in a row may be skipped before a step throws ``RunError``. Those that lower a loss scale are not
  /// counted: the ``GradScaler`` has a patience of its own.
  public var skipLimit: Int

  /// The steps so far, skipped ones included.
  public internal(set) var steps = 0
  /// The updates so far: steps that were applied.
  public internal(set) var updates = 0
  /// The steps that were skipped.
  public var skippedSteps: Int { steps - updates }
  /// The counted skips since the last step that was applied.
  public internal(set) var skipsInARow = 0
  var memoryWatch = MemoryWatch()
  /// The optimizer, which steps change and others set.
  var ownOptimizer: any Optimizer
  /// How it moves the parameters that were known last; nil where it has to tell again.
  var updatePlan: UpdatePlan?
  /// What the last step knew of the model.
  var members: ModuleMembers?
  /// The passes that were recorded, the latest used last.
  var recordings: [StepRecording] = []

  /// Starts a run.
  ///
  /// - Errors: traps when the skip limit is below 1.
  public init(
    model: Model, optimizer: any Optimizer, schedule: Schedule, precision: Precision = .full,
    clipping: Clipping = .none, smoothing: GradientSmoothing? = nil, average: WeightAverage? = nil,
    generator: RandomGenerator? = nil, skipLimit: Int = 20
  ) {
    self.model = model
    ownOptimizer = optimizer
    self.schedule = schedule
    self.precision = precision
    self.clipping = clipping
    self.smoothing = smoothing
    self.average = average
    self.generator = generator
    self.skipLimit = skipLimit
    if skipLimit < 1 {
      Context.current.fail(
        TensorError.argument("TrainingRun", expected: "a skipLimit of 1 or more", got: skipLimit))
    }
  }
}

extension TrainingRun {
  /// Runs `body` while the model has the averaged weights, and gives it its own back; with its own where there is no
  /// average.
  ///
  /// - Errors: whatever `body` throws, and `StateError` when the average is of another model. Traps when the model has
  ///   the averages already.
  public func withAveragedWeights<Result>(_ body: (Model) throws -> Result) throws -> Result {
    guard let average else { return try body(model) }
    return try average.withAveragedWeights(of: model) { try body(model) }
  }
}

/// Why a run cannot go on.
public enum RunError: Error, Sendable, Hashable {
  /// As many steps in a row as the run allows were skipped, the last for this reason.
  case stuck(skips: Int, SkipReason)
}

extension RunError: CustomStringConvertible {
  /// A sentence.
  public var description: String {
    switch self {
    case .stuck(let skips, let reason):
      "step: expected an applied step, got \(skips) skipped in a row, the last because \(reason); "
        + "go back to a checkpoint with a lower learning rate, or look at the data"
    }
  }
}
