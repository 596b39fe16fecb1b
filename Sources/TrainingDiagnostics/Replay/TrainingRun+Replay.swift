internal import TrainingKit

extension TrainingRun {
  /// Runs `body` with a copy of the run, and gives the model and the generator their state back.
  func undone<Result>(_ body: (inout TrainingRun) throws -> Result) throws -> Result {
    var copy = self
    // A file of states has one owner.
    copy.stateFile = nil
    let snapshot = snapshot()
    do {
      let result = try body(&copy)
      try copy.restore(snapshot)
      return result
    } catch {
      try copy.restore(snapshot)
      throw error
    }
  }

  /// The loss that a step would start from, with the random numbers that it would draw; NaN where it cannot be
  /// computed.
  func lossOfStep(_ loss: (Model) throws -> Tensor) throws -> Double {
    let generator = generator ?? .current
    let (random, buffers) = (generator.state, model.state())
    defer { generator.state = random }
    let value = try withRandomGenerator(generator) {
      try withoutGradients {
        try validated { try autocast(precision.autocastType) { try loss(model) } }
      }
    }
    // Batch normalization took note of the batch.
    try model.load(buffers)
    return value.count == 1 ? value.item() : .nan
  }

  /// The loss in evaluation.
  func lossInEvaluation(_ loss: (Model) throws -> Tensor) throws -> Double {
    let value = try inEvaluation(loss)
    return value.count == 1 ? value.item() : .nan
  }

  /// What `body` makes of the model in evaluation.
  func inEvaluation<Result>(_ body: (Model) throws -> Result) throws -> Result {
    try model.evaluating {
      try withoutGradients {
        try validated { try autocast(precision.autocastType) { try body(model) } }
      }
    }
  }
}
