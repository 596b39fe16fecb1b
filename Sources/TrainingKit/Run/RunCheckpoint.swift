extension TrainingRun {
  /// Where a run stands, beside its parts.
  private struct Progress: Codable {
    var steps, updates, skipsInARow: Int
    /// Of the next update.
    var learningRate: Double
  }

  /// What the code that starts a run decides and a checkpoint must agree with, by name.
  private var settings: [(name: String, subject: Any?)] {
    [
      ("optimizer", optimizer), ("precision", precision.autocastType), ("clipping", clipping),
      ("smoothing", smoothing), ("average", average?.settings),
    ]
  }

  /// Everything that the run's next steps depend on, for a file. Taking it is cheap: memory is shared until the next
  /// step.
  ///
  /// - Parameter loader: what the steps take their batches from.
  /// - Errors: `CheckpointError` when a setting cannot be said in JSON, or when memory runs out.
  public func checkpoint(loader: DataLoader? = nil) throws(CheckpointError) -> Checkpoint {
    _ = average?.hasOwnWeights(model, "checkpoint")
    var checkpoint = Checkpoint()
    let states = try checkpoint.withinMemory {
      [
        "model": model.state(), "optimizer": optimizer.state(),
        "smoothing": smoothing?.state() ?? [:], "average": average?.state() ?? [:],
      ]
    }
    for (name, state) in states { checkpoint[name] = state }
    for (name, subject) in settings { try checkpoint.encode(SavedSettings(of: subject), as: name) }
    try checkpoint.encode(precision.scaler, as: "scaler")
    try checkpoint.encode(clipping.history, as: "clippingHistory")
    try checkpoint.encode(schedule, as: "schedule")
    let progress = Progress(
      steps: steps, updates: updates, skipsInARow: skipsInARow,
      learningRate: schedule.learningRate(at: updates))
    try checkpoint.encode(progress, as: "progress")
    try checkpoint.encode((generator ?? .current).state, as: "generator")
    if let loader { try checkpoint.encode(loader.state, as: "loader") }
    return checkpoint
  }

  /// Takes the run, and its loader, to where a checkpoint was made: then it takes the same steps to the same bits.
  /// Nothing changes when it throws.
  ///
  /// Weights, the states of optimizer, loss scaler, clipping, smoothing and average, the schedule, counters, random
  /// numbers and the place in the data are the checkpoint's. Hyper-parameters and other settings are the run's and must
  /// be those of the checkpoint; change them afterwards.
  ///
  /// - Errors: `CheckpointError` that names what does not fit: a tensor of another name, shape or dtype, another
  ///   optimizer, setting or number of batches, a loader that the checkpoint has no place for, or none where it has.
  ///   Traps when the model has averaged weights at the time.
  public mutating func restore(
    _ checkpoint: Checkpoint, loader: DataLoader? = nil
  ) throws(CheckpointError) {
    guard average?.hasOwnWeights(model, "restore") != false else { return }
    let (next, weights, random) = try checkpoint.withinMemory {
      let (next, random) = try restored(from: checkpoint)
      let weights = try checkpoint.tensors("model", like: model.state())
      try checkpoint.move(loader)
      return (next, weights, random)
    }
    // Nothing below fails.
    do {
      try model.load(weights)
    } catch {
      preconditionFailure("defect: weights that fit were refused: \(error)")
    }
    self = next
    (generator ?? .current).state = random
  }

  /// The run with everything of a checkpoint but the weights, and where its generator stood.
  private func restored(
    from checkpoint: Checkpoint
  ) throws(CheckpointError) -> (run: Self, random: RandomState) {
    var next = self
    for (name, subject) in settings { try checkpoint.check(name, like: SavedSettings(of: subject)) }
    next.optimizer = try stateFile.keepingState { () throws(CheckpointError) in
      try checkpoint.optimizer(optimizer, for: model)
    }
    next.smoothing = try checkpoint.smoothing(smoothing, for: model)
    next.average = try checkpoint.average(average, for: model)
    next.precision.scaler = try checkpoint.decode(GradScaler?.self, "scaler")
    next.clipping.history = try checkpoint.decode(ClippingHistory.self, "clippingHistory")
    next.schedule = try checkpoint.decode(Schedule.self, "schedule")
    let progress = try progress(of: checkpoint, next.schedule)
    (next.steps, next.updates) = (progress.steps, progress.updates)
    next.skipsInARow = progress.skipsInARow
    return (next, try checkpoint.decode(RandomState.self, "generator"))
  }

  /// Writes a checkpoint. It appears, in place of an older one, once all of it is on the disk.
  ///
  /// - Errors: `CheckpointError` when the system refuses; then there is what there was before.
  public func save(to path: String, loader: DataLoader? = nil) throws(CheckpointError) {
    try checkpoint(loader: loader).write(to: path)
  }

  /// Reads a checkpoint and goes on from it, as ``restore(_:loader:)`` says. Nothing changes when it throws.
  ///
  /// - Errors: `CheckpointError` when the file is missing, damaged, of a newer version, or does not fit.
  public mutating func load(
    from path: String, loader: DataLoader? = nil
  ) throws(CheckpointError) {
    try restore(Checkpoint(contentsOf: path), loader: loader)
  }

  private func progress(
    of checkpoint: Checkpoint, _ schedule: Schedule
  ) throws(CheckpointError) -> Progress {
    let progress = try checkpoint.decode(Progress.self, "progress")
    guard progress.updates >= 0, progress.skipsInARow >= 0, progress.updates <= progress.steps
    else {
      throw checkpoint.mismatch(
        "progress", expected: "at most as many updates as steps",
        got: "\(progress.updates) and \(progress.steps)")
    }
    let rate = schedule.learningRate(at: progress.updates)
    // Another C library may round the last bits otherwise.
    guard abs(rate - progress.learningRate) <= 1e-12 * abs(rate) else {
      throw checkpoint.mismatch(
        "schedule", expected: "a learning rate of \(progress.learningRate) at \(progress.updates)",
        got: "\(rate)")
    }
    return progress
  }
}

extension Checkpoint {
  /// Throws unless the settings under a name are the ones given.
  fileprivate func check(_ name: String, like own: SavedSettings) throws(CheckpointError) {
    let saved = try decode(SavedSettings.self, name)
    if let (setting, expected, got) = own.difference(from: saved) {
      throw mismatch("\(name).\(setting)", expected: expected, got: got)
    }
  }

  /// Has the loader go on from where it stood, if the checkpoint is of a run with this one.
  fileprivate func move(_ loader: DataLoader?) throws(CheckpointError) {
    guard let loader else {
      guard !hasValue("loader") else {
        throw mismatch(
          "loader", expected: "a loader to take to the place in the data", got: "none")
      }
      return
    }
    let state = try decode(DataLoader.State.self, "loader")
    do {
      try validated { loader.state = state }
    } catch {
      throw mismatch("loader", expected: "a state of the loader", got: "another: \(error)")
    }
  }

  /// The optimizer with the state of the checkpoint.
  fileprivate func optimizer(
    _ optimizer: any Optimizer, for model: some Module
  ) throws(CheckpointError) -> any Optimizer {
    var optimizer = optimizer
    try fitting("optimizer") { () throws(StateError) in
      try optimizer.load(self["optimizer"], for: model)
    }
    // What was converted is not what the run had.
    _ = try tensors("optimizer", like: optimizer.state())
    return optimizer
  }

  /// The smoothing with the state of the checkpoint.
  fileprivate func smoothing(
    _ smoothing: GradientSmoothing?, for model: some Module
  ) throws(CheckpointError) -> GradientSmoothing? {
    guard var smoothing else { return nil }
    try fitting("smoothing") { () throws(StateError) in
      try smoothing.load(self["smoothing"], for: model)
    }
    _ = try tensors("smoothing", like: smoothing.state())
    return smoothing
  }

  /// The average with the state of the checkpoint.
  fileprivate func average(
    _ average: WeightAverage?, for model: some Module
  ) throws(CheckpointError) -> WeightAverage? {
    guard var average else { return nil }
    try fitting("average") { () throws(StateError) in
      try average.load(self["average"], for: model)
    }
    _ = try tensors("average", like: average.state())
    return average
  }

  /// Runs `load`, whose errors are about a section.
  private func fitting(
    _ section: String, _ load: () throws(StateError) -> Void
  ) throws(CheckpointError) {
    do throws(StateError) {
      try load()
    } catch {
      throw mismatch(section, error)
    }
  }

  /// What does not fit into a section.
  fileprivate func mismatch(_ section: String, _ error: StateError) -> CheckpointError {
    switch error {
    case .missing(let paths):
      mismatch("\(section).\(paths[0])", expected: "a tensor", got: "none")
    case .unexpected(let paths):
      mismatch("\(section).\(paths[0])", expected: "no tensor of this name", got: "one")
    case .shape(let path, let expected, let got):
      mismatch("\(section).\(path)", expected: "\(expected)", got: "\(got)")
    case .count(let path, let got):
      mismatch("\(section).\(path)", expected: "a whole number of 0 or more", got: "\(got)")
    }
  }
}
