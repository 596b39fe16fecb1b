internal import TrainingKit

/// A run, the states that it can be taken back to, and the items on the way. Nothing that is tried here moves it.
struct Replay<Model: Module, Item> {
  let run: TrainingRun<Model>
  let moments: RunMoments<Item>
  let loss: ItemLoss<Model, Item>
  let examples: ItemExamples<Model, Item>

  /// What is to be tried from a moment: some items are held out of it, which tell how the run has come out, as what is
  /// learned by heart would look like gain.
  ///
  /// - Parameters:
  ///   - step: the step of the suspect, which is not held out.
  ///   - holdsOut: whether any are.
  func course(
    from moment: RunMoment<Item>, about step: Int, holdsOut: Bool = true
  ) throws -> TrialCourse<Item> {
    var course = TrialCourse(from: moment, about: step, holdsOut: holdsOut)
    // An item that has no loss judges nothing, unless none has.
    let finite = try run.undone { run in
      try run.restore(moment.snapshot)
      return try course.probes.filter { item in
        try run.lossInEvaluation { try loss($0, item) }.isFinite
      }
    }
    if !finite.isEmpty { course.probes = finite }
    return course
  }

  /// Takes the run along from a moment with remedies.
  ///
  /// A loss that goes up and down from step to step is as good as its mean: it is taken four times towards the end.
  ///
  /// - Parameter attempt: which of the random orders items are in, where they are shuffled.
  func trial(
    _ remedies: [Remedy], _ course: TrialCourse<Item>, attempt: Int = 0
  ) throws -> Trial {
    try run.undone { run in
      try run.restore(course.start)
      let before = try evaluation(of: run, course.probes).mean
      for remedy in remedies { remedy.apply(to: &run) }
      let items = course.items(for: remedies, attempt: attempt)
      let marks = (0..<4).map { items.count - $0 * items.count / 16 }
      var sums = course.probes.map { _ in 0.0 }
      var (isWhole, count) = (true, 0)
      for mark in marks.reversed() where isWhole {
        isWhole = try follow(&run, items[count..<mark])
        count = mark
        sums = zip(sums, try evaluation(of: run, course.probes)).map { $0 + $1 / 4 }
      }
      let after = isWhole ? sums.mean : .infinity
      return Trial(
        remedies: remedies, steps: course.length, lossBefore: before.isFinite ? before : .infinity,
        lossAfter: after.isFinite ? after : .infinity, losses: after.isFinite ? sums : [])
    }
  }

  /// Trains on items. False when the run is stuck.
  func follow(_ run: inout TrainingRun<Model>, _ items: some Sequence<Item>) throws -> Bool {
    for item in items {
      do {
        _ = try loss.step(&run, item)
      } catch is RunError {
        return false
      } catch is LossScaleError {
        return false
      }
    }
    return true
  }

  /// The losses in evaluation.
  private func evaluation(of run: TrainingRun<Model>, _ items: [Item]) throws -> [Double] {
    try items.map { item in try run.lossInEvaluation { try loss($0, item) } }
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
