/// A treatment under way. What few steps speak for is weighed again once there are more.
struct TreatmentCourse<Item> {
  /// What it is for.
  let finding: Finding
  /// The state that trials begin with, and what the run was trained on since.
  var base: RunMoment<Item>
  /// The first state of the run, where it may do better to start over.
  var start: RunMoment<Item>?
  /// What the run was given; nothing while nothing has helped.
  var remedies: [Remedy] = []
  /// Whether a treatment was applied.
  var isTreated = false
  /// After how many items the remedies are weighed again.
  private(set) var due: Int
  private var reviews = 0

  /// How many items are held for it at most.
  private static var mostItems: Int { 256 }

  init(_ finding: Finding, from base: RunMoment<Item>) {
    (self.finding, self.base) = (finding, base)
    due = max(64, 2 * base.items.count)
  }

  /// Whether the remedies are to be weighed again.
  var isDue: Bool { base.items.count >= due }

  /// Whether they never will be.
  var isOver: Bool { reviews == 2 || due > Self.mostItems }

  /// Takes note that they were.
  mutating func endReview() {
    reviews += 1
    let count = base.items.count
    due = count <= Self.mostItems / 2 ? min(4 * count, Self.mostItems) : .max
  }
}
