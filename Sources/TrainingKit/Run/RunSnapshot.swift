/// Everything that a run's next steps depend on, but for the data. Taking one is cheap: memory is shared until the
/// next step.
public struct RunSnapshot: Sendable {
  /// The parameters and buffers by path.
  public let weights: [String: Tensor]
  /// The optimizer with its state.
  public let optimizer: any Optimizer
  /// The learning rates.
  public let schedule: Schedule
  /// What losses are computed in, with the state of the loss scale.
  public let precision: Precision
  /// How gradients are clipped, with its history.
  public let clipping: Clipping
  /// What averages gradients, with its averages.
  public let smoothing: GradientSmoothing?
  /// The average of the weights.
  public let average: WeightAverage?
  /// The steps so far, skipped ones included.
  public let steps: Int
  /// The updates so far.
  public let updates: Int
  /// The counted skips since the last update.
  public let skipsInARow: Int
  /// Where the generator stands that steps draw from.
  public let random: RandomState
}

extension TrainingRun {
  /// The run as it stands now. Restored, it takes the same steps to the same bits.
  public func snapshot() -> RunSnapshot { snapshot(of: ModuleMembers(of: model)) }

  /// The same where the members of the model are known.
  package func snapshot(of members: ModuleMembers) -> RunSnapshot {
    RunSnapshot(
      weights: members.state, optimizer: optimizer, schedule: schedule, precision: precision,
      clipping: clipping, smoothing: smoothing, average: average, steps: steps, updates: updates,
      skipsInARow: skipsInARow, random: (generator ?? .current).state)
  }

  /// Takes the run back to a snapshot. Nothing changes when it throws.
  ///
  /// - Errors: `StateError` when the snapshot is of a model of other parameters.
  public mutating func restore(_ snapshot: RunSnapshot) throws(StateError) {
    try model.load(snapshot.weights)
    optimizer = snapshot.optimizer
    schedule = snapshot.schedule
    precision = snapshot.precision
    clipping = snapshot.clipping
    smoothing = snapshot.smoothing
    average = snapshot.average
    (steps, updates) = (snapshot.steps, snapshot.updates)
    skipsInARow = snapshot.skipsInARow
    (generator ?? .current).state = snapshot.random
  }
}
