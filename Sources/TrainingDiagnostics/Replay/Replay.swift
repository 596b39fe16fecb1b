internal import TrainingKit

/// A run, the states that it can be taken back to, and the items on the way. Nothing that is tried here moves it.
struct Replay<Model: Module, Item> {
  let run: TrainingRun<Model>
  let moments: RunMoments<Item>
  let loss: ItemLoss<Model, Item>

  /// How many items a loss in evaluation is the mean of.
  private static var probeCount: Int { 8 }
  /// How many steps a trial takes at least; items come again where there are fewer.
  private static var trialLength: Int { 64 }

  /// Takes the run along from a moment, once for each remedy and first without any.
  func trials(_ remedies: [Remedy], from place: RunMoments<Item>.Place) throws -> (
    control: Trial, others: [Trial]
  ) {
    let control = try trial(nil, from: place)
    return (control, try remedies.map { try trial($0, from: place) })
  }

  /// Takes the run along from a moment.
  func trial(_ remedy: Remedy?, from place: RunMoments<Item>.Place) throws -> Trial {
    let items = moments.items(since: place)
    let length = max(items.count, Self.trialLength)
    return try run.undone { run in
      let start = moments[place].snapshot
      try run.restore(start)
      let before = try evaluation(of: run, items)
      remedy?.apply(to: &run)
      let isWhole = try follow(&run, remedy, items, from: start.steps, count: length)
      let after = isWhole ? try evaluation(of: run, items) : .infinity
      return Trial(
        remedy: remedy, steps: length, lossBefore: before.isFinite ? before : .infinity,
        lossAfter: after.isFinite ? after : .infinity)
    }
  }

  /// Trains on items, again and again if need be. False when the run is stuck.
  private func follow(
    _ run: inout TrainingRun<Model>, _ remedy: Remedy?, _ items: [Item], from first: Int, count: Int
  ) throws -> Bool {
    for place in 0..<count {
      if let remedy, remedy.skips(first + place % items.count) { continue }
      do {
        _ = try loss.step(&run, items[place % items.count])
      } catch is RunError {
        return false
      } catch is LossScaleError {
        return false
      }
    }
    return true
  }

  /// The mean loss in evaluation over some of the items, evenly chosen.
  private func evaluation(of run: TrainingRun<Model>, _ items: [Item]) throws -> Double {
    let count = min(items.count, Self.probeCount)
    let chosen = (0..<count).map { items[$0 * items.count / count] }
    let losses = try chosen.map { item in try run.lossInEvaluation { try loss($0, item) } }
    return losses.reduce(0, +) / Double(count)
  }
}
