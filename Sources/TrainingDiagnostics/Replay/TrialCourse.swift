internal import TrainingKit

/// Where trials begin, the items that they take their steps on, and those that they are judged by.
struct TrialCourse<Item> {
  /// The state that all begin with.
  let start: RunSnapshot
  /// What trials are judged by.
  var probes: [Item]
  /// Whether nothing is trained on them.
  let isHeldOut: Bool
  /// The items to train on, with their places behind the start.
  private let rest: [(place: Int, item: Item)]

  /// How many items a loss in evaluation is the mean of.
  private static var probeCount: Int { 8 }
  /// How many steps a trial takes at least; items come again where there are fewer.
  private static var leastLength: Int { 64 }

  /// Divides the items since a moment.
  ///
  /// - Parameter step: the step of an item that is trained on in any case.
  init(from moment: RunMoment<Item>, about step: Int, holdsOut: Bool) {
    start = moment.snapshot
    let (items, suspect) = (moment.items, step - moment.snapshot.steps)
    let count = min(items.count, Self.probeCount)
    let chosen = (0..<count).map { $0 * items.count / count }
    // Of a few items none can be spared.
    isHeldOut = holdsOut && items.count >= 3 * Self.probeCount
    let held = isHeldOut ? chosen.map { $0 == suspect ? $0 + 1 : $0 } : []
    probes = (isHeldOut ? held : chosen).map { items[$0] }
    rest = items.indices.filter { !held.contains($0) }.map { ($0, items[$0]) }
  }

  /// How many steps a trial takes.
  var length: Int { max(rest.count, Self.leastLength) }

  /// What a trial is trained on.
  ///
  /// - Parameter attempt: which of the random orders it is, where items are shuffled.
  func items(for remedies: [Remedy], attempt: Int = 0) -> [Item] {
    var order = Array(rest.indices)
    if remedies.contains(.shuffling) {
      let generator = RandomGenerator(seed: UInt64(start.steps) + UInt64(attempt) << 32)
      order = generator.permutation(rest.count).elements(Int.self)
    }
    return (0..<length).map { rest[order[$0 % rest.count]] }
      .filter { item in !remedies.contains { $0.skips(start.steps + item.place) } }.map(\.item)
  }
}
