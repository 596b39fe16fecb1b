internal import TrainingKit

/// A state that a run can go back to, and what it was trained on from there to the next.
struct RunMoment<Item> {
  let snapshot: RunSnapshot
  /// The doctor who had seen the steps up to it.
  let doctor: Doctor
  var items: [Item] = []
}

/// The last states of a run.
struct RunMoments<Item> {
  private(set) var all: [RunMoment<Item>] = []
  private let capacity, interval: Int

  init(capacity: Int, interval: Int) {
    (self.capacity, self.interval) = (max(1, capacity), max(1, interval))
  }

  /// Keeps the state before a step where one is due, and the item of the step.
  mutating func note(_ item: Item, _ doctor: Doctor, _ snapshot: () -> RunSnapshot) {
    if all.last.map({ $0.items.count >= interval }) ?? true {
      if all.count == capacity { all.removeFirst() }
      all.append(RunMoment(snapshot: snapshot(), doctor: doctor))
    }
    all[all.count - 1].items.append(item)
  }

  /// Takes back the item of a step that was not taken.
  mutating func forgetLast() {
    all[all.count - 1].items.removeLast()
    if all[all.count - 1].items.isEmpty { all.removeLast() }
  }

  /// Forgets a moment and all that came after it.
  mutating func forget(from moment: Int) { all.removeSubrange(moment...) }

  /// What the run was trained on since a moment.
  func items(since moment: Int) -> [Item] { all[moment...].flatMap(\.items) }

  /// The latest moment at least so many steps before a step; the oldest where there is none.
  func moment(before step: Int, by distance: Int) -> Int? {
    if all.isEmpty { return nil }
    return all.lastIndex { $0.snapshot.steps <= step - distance } ?? 0
  }
}
