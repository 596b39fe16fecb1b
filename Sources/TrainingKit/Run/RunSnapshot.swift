/// Everything that a run's next steps depend on, but for the data. Taking one is cheap: memory is shared until the
/// next step.
public struct RunSnapshot: Sendable {
  /// The parameters and buffers by path.
  public let weights: [String: Tensor]
  /// The optimizer with its state.
  public let optimizer: any Optimizer
  /// The learning rates.
  public let schedule: Schedule
  /// How gradients are clipped.
  public let clipping: Clipping
  /// The steps so far, skipped ones included.
  public let steps: Int
  /// The updates so far.
  public let updates: Int
  /// Where the generator stands that steps draw from.
  public let random: RandomState
}

extension TrainingRun {
  /// The run as it stands now. Restored, it takes the same steps to the same bits.
  public func snapshot() -> RunSnapshot {
    RunSnapshot(
      weights: model.state(), optimizer: optimizer, schedule: schedule, clipping: clipping,
      steps: steps, updates: updates, random: (generator ?? .current).state)
  }

  /// Takes the run back to a snapshot. Nothing changes when it throws.
  ///
  /// - Errors: `StateError` when the snapshot is of a model of other parameters.
  public mutating func restore(_ snapshot: RunSnapshot) throws(StateError) {
    try model.load(snapshot.weights)
    optimizer = snapshot.optimizer
    schedule = snapshot.schedule
    clipping = snapshot.clipping
    steps = snapshot.steps
    updates = snapshot.updates
    (generator ?? .current).state = snapshot.random
  }
}
