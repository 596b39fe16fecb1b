/// A run up to the step that an analyzer looks at, digested once for all of them.
///
/// What is here costs the same at every step, however long the run; an analyzer that needs more keeps it itself.
public struct RunHistory: Sendable {
  /// How many steps there were.
  public private(set) var count = 0
  /// The first step and the one before the current.
  public private(set) var first, previous: StepRecord?
  /// The losses of the steps; those of training evaluations while no step has told its own.
  public private(set) var loss = Series(levels: Levels(unit: 5, capacity: 64))
  /// The norms of the gradients.
  public private(set) var gradientNorm = Series(levels: Levels(unit: 5, capacity: 64))
  /// The learning rates.
  public private(set) var learningRate = Series(levels: Levels(unit: 1, capacity: 64))
  /// The evaluations on training data.
  public private(set) var trainLoss = Series(levels: Levels(unit: 1, capacity: 128))
  /// The evaluations on held-out data.
  public private(set) var validationLoss = Series(levels: Levels(unit: 1, capacity: 128))
  /// How many times as large the weight matrices are as when they were first looked at, by their median; nil before
  /// they were looked at twice.
  public var weightGrowth: Double? { weights.median }
  /// The step with which the run goes on from what was kept of it; nil where it was never interrupted.
  public internal(set) var resumeStep: Int?
  private var hasOwnLoss = false
  private var weights = WeightGrowth()

  /// Creates the history of a run that has not begun.
  public init() {}

  /// The step as analyzers see it: with the loss of the training evaluation where steps tell none of their own.
  public func completed(_ step: StepRecord) -> StepRecord {
    guard !hasOwnLoss, step.loss == nil else { return step }
    var step = step
    step.loss = step.trainLoss
    return step
  }

  /// Adds a step.
  public mutating func append(_ step: StepRecord) {
    if step.loss != nil { hasOwnLoss = true }
    if let value = step.loss ?? (hasOwnLoss ? nil : step.trainLoss) {
      loss.append(value, at: step.step)
    }
    if let value = step.gradientNorm { gradientNorm.append(value, at: step.step) }
    if let value = step.learningRate { learningRate.append(value, at: step.step) }
    if let value = step.trainLoss { trainLoss.append(value, at: step.step) }
    if let value = step.validationLoss { validationLoss.append(value, at: step.step) }
    if let details = step.details { weights.note(details) }
    let step = completed(step)
    if first == nil { first = step }
    previous = step
    count += 1
  }
}
