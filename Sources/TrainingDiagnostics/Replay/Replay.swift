internal import TrainingKit

/// A run, the states that it can be taken back to, and the items on the way. Nothing that is tried here moves it.
struct Replay<Model: Module, Item> {
  let run: TrainingRun<Model>
  let moments: RunMoments<Item>
  let loss: ItemLoss<Model, Item>
  let examples: ItemExamples<Model, Item>
  let willTry: ((_ number: Int, _ count: Int, _ remedy: Remedy) -> Void)?

  /// Takes the run along from a moment, once for each remedy and first without any.
  ///
  /// Some items are held out of it, which tell how the run has come out: what is learned by heart would look like gain.
  ///
  /// - Parameter step: the step of the suspect, which is not held out.
  func trials(
    _ remedies: [Remedy], from place: RunMoments<Item>.Place, about step: Int
  ) throws -> (control: Trial, others: [Trial]) {
    let items = moments.items(since: place)
    let course = Course(items, suspect: step - moments[place].snapshot.steps)
    let control = try trial(nil, from: place, course)
    let others = try remedies.enumerated().map { number, remedy in
      willTry?(number + 1, remedies.count, remedy)
      return try trial(remedy, from: place, course)
    }
    return (control, others)
  }

  /// Takes the run along from a moment.
  private func trial(
    _ remedy: Remedy?, from place: RunMoments<Item>.Place, _ course: Course<Item>
  ) throws -> Trial {
    try run.undone { run in
      let start = moments[place].snapshot
      try run.restore(start)
      let before = try evaluation(of: run, course.probes)
      remedy?.apply(to: &run)
      let isWhole = try follow(&run, course.items(for: remedy, from: start.steps))
      let after = isWhole ? try evaluation(of: run, course.probes) : .infinity
      return Trial(
        remedy: remedy, steps: course.length, lossBefore: before.isFinite ? before : .infinity,
        lossAfter: after.isFinite ? after : .infinity)
    }
  }

  /// Trains on items. False when the run is stuck.
  func follow(_ run: inout TrainingRun<Model>, _ items: [Item]) throws -> Bool {
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

  /// The mean loss in evaluation.
  private func evaluation(of run: TrainingRun<Model>, _ items: [Item]) throws -> Double {
    let losses = try items.map { item in try run.lossInEvaluation { try loss($0, item) } }
    return losses.reduce(0, +) / Double(items.count)
  }
}

/// The items that trials take their steps on, and those that they are judged by.
private struct Course<Item> {
  /// What trials are judged by.
  let probes: [Item]
  /// The items to train on, with their places behind the moment.
  private let rest: [(place: Int, item: Item)]

  /// How many items a loss in evaluation is the mean of.
  private static var probeCount: Int { 8 }
  /// How many steps a trial takes at least; items come again where there are fewer.
  private static var leastLength: Int { 64 }

  /// Divides items.
  ///
  /// - Parameter suspect: the place of an item that is trained on in any case.
  init(_ items: [Item], suspect: Int) {
    let count = min(items.count, Self.probeCount)
    let chosen = (0..<count).map { $0 * items.count / count }
    // Of a few items none can be spared.
    let isEnough = items.count >= 3 * Self.probeCount
    let held = isEnough ? chosen.map { $0 == suspect ? $0 + 1 : $0 } : []
    probes = (isEnough ? held : chosen).map { items[$0] }
    rest = items.indices.filter { !held.contains($0) }.map { ($0, items[$0]) }
  }

  /// How many steps a trial takes.
  var length: Int { max(rest.count, Self.leastLength) }

  /// What a trial is trained on, from a step on.
  func items(for remedy: Remedy?, from first: Int) -> [Item] {
    var order = Array(rest.indices)
    if remedy == .shuffling {
      order = RandomGenerator(seed: UInt64(first)).permutation(rest.count).elements(Int.self)
    }
    return (0..<length).map { rest[order[$0 % rest.count]] }
      .filter { !(remedy?.skips(first + $0.place) ?? false) }.map(\.item)
  }
}
