internal import TrainingKit

extension Replay {
  /// The examples of an item whose losses are far above all of other items, the worst first; nothing where losses or
  /// places of examples are not known.
  func worstExamples(
    of item: Item, beside others: some Sequence<Item>, in run: TrainingRun<Model>
  ) throws -> [(place: Int, loss: Double)] {
    let own = try exampleLosses(of: item, in: run)
    let usual = try others.flatMap { try exampleLosses(of: $0, in: run) }.map(\.loss)
    guard let highest = usual.max() else { return [] }
    let level = usual.median
    let least = highest + max(highest - level, 0.5 * abs(level))
    return own.filter { $0.loss > least }.sorted { $0.loss > $1.loss }
  }

  /// The examples of an item that are not finite, by their values or by their losses.
  func nonFiniteExamples(of item: Item) throws -> [Int] {
    let seen = examples.nonFinite(item)
    guard seen.isEmpty, examples.losses != nil else { return seen }
    return try run.undone { try exampleLosses(of: item, in: $0) }.filter { !$0.loss.isFinite }
      .map(\.place)
  }

  private func exampleLosses(
    of item: Item, in run: TrainingRun<Model>
  ) throws -> [(place: Int, loss: Double)] {
    guard let losses = examples.losses, let places = examples.identity(item)?.examples,
      !places.isEmpty
    else { return [] }
    let found = try run.inEvaluation { try losses($0, item) }
    return found.count == places.count ? Array(zip(places, found)) : []
  }

  /// Asks which examples the model holds for something else, again and again, while it has learned the others: what is
  /// learned by heart comes last.
  ///
  /// - Source: Arpit et al. 2017, "A Closer Look at Memorization in Deep Networks", arXiv:1706.05394.
  func labelsInDoubt(_ history: RunHistory) throws -> Finding? {
    let start = history.loss.start
    guard examples.losses != nil, history.beganAtItsStart, start > 0, start.isFinite,
      let last = history.previous?.step,
      let first = moments.all.first(where: { $0.snapshot.steps >= 32 })?.snapshot.steps,
      last - first >= 32
    else { return nil }
    let states = moments.all.map(\.snapshot).filter { $0.steps >= first }
    let items = moments.all.flatMap(\.items).suffix(64)
    func losses(_ run: TrainingRun<Model>) throws -> [Int: Double] {
      let all = try items.flatMap { try exampleLosses(of: $0, in: run) }
      return Dictionary(all.map { ($0.place, $0.loss) }) { first, _ in first }
    }
    let (now, least) = try run.undone { run in
      let now = try losses(run)
      let least = try states.reduce(now) { least, state in
        try run.restore(state)
        return least.merging(try losses(run), uniquingKeysWith: min)
      }
      return (now, least)
    }
    return finding(least, level: now.values.median, start: start, step: last)
  }

  /// Losses clearly above that of a blind guess are those of a model that holds an example for something else. A few of
  /// them are in all data: the hardest.
  private func finding(
    _ least: [Int: Double], level: Double, start: Double, step: Int
  ) -> Finding? {
    let doubtful = least.filter { $0.value > 1.25 * start }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let share = Double(doubtful.count) / Double(least.count)
    guard least.count >= 64, level < 0.5 * start, doubtful.count >= 4, (0.008...0.3).contains(share)
    else { return nil }
    return Finding(
      .noisyLabels, cause: .wrongLabels, severity: .note, step: step, confidence: 0.8,
      evidence: [
        "examples": Double(doubtful.count), "looked_at": Double(least.count),
        "loss": doubtful.map(\.value).median, "level": level, "start": start,
      ],
      remedy: "look at these examples, and correct or leave out those whose labels are wrong",
      examples: doubtful.map(\.key), sources: ["Arpit et al. 2017, arXiv:1706.05394"])
  }
}
