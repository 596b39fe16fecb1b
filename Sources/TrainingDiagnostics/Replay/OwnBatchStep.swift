internal import TrainingKit

/// What a step did to the loss of its own batch.
struct OwnBatchStep {
  /// The loss before and after, with the same random numbers.
  let before, after: Double
  /// The change that the gradient foretells.
  let slope: Double

  /// How far the step went for the curvature that it met: 1 is the minimum along it, above 2 the loss has risen. Nil of
  /// a step that the gradient did not want, as moments may.
  ///
  /// - Source: the Taylor series of the loss along the step, of second order.
  var curvature: Double? {
    slope < 0 && after.isFinite ? 2 * (after - before - slope) / -slope : nil
  }
}

extension Replay {
  /// Looks at steps along the items behind a moment: at most so many, the last ones.
  func ownBatchSteps(from place: RunMoments<Item>.Place, count: Int) throws -> [OwnBatchStep] {
    let items = moments.items(since: place)
    return try run.undone { run in
      try run.restore(moments[place].snapshot)
      var steps: [OwnBatchStep] = []
      for (place, item) in items.enumerated() {
        if place + count < items.count {
          _ = try? loss.step(&run, item)
        } else if let step = try ownBatchStep(&run, item) {
          steps.append(step)
        }
      }
      return steps
    }
  }

  /// Nil where the step was not taken.
  private func ownBatchStep(_ run: inout TrainingRun<Model>, _ item: Item) throws -> OwnBatchStep? {
    let generator = run.generator ?? .current
    let random = generator.state
    let weights = run.model.parameters.map { ($0, $0.parameter.value.detached()) }
    let gradients = try withRandomGenerator(generator) {
      try validated { try loss.gradients(run.model, item) }
    }
    generator.state = random
    guard let gradients else { return nil }
    let before = try run.lossOfStep { try loss($0, item) }
    guard let outcome = try? loss.step(&run, item), outcome.isApplied else { return nil }
    let next = generator.state
    generator.state = random
    let after = try run.lossOfStep { try loss($0, item) }
    generator.state = next
    let slope = weights.reduce(0.0) { sum, entry in
      guard let gradient = gradients[entry.0.path] else { return sum }
      let move = entry.0.parameter.value.detached() - entry.1
      return sum + (gradient * move).cast(to: .float64).sum().item()
    }
    return OwnBatchStep(before: before, after: after, slope: slope)
  }
}
