internal import TrainingKit

/// A state that a run can go back to, and what it was trained on from there to the next.
struct RunMoment<Item> {
  let snapshot: RunSnapshot
  /// The doctor who had seen the steps up to it.
  let doctor: Doctor
  var items: [Item] = []
}

/// The last states of a run, and the best one before them.
struct RunMoments<Item> {
  /// The last states, one an interval.
  private(set) var all: [RunMoment<Item>] = []
  /// The state before which losses were lowest, of those that are no longer among the last; what the run was trained on
  /// from there is forgotten.
  private(set) var best: RunMoment<Item>?
  /// The state before the first step, where a run that went wrong early may start over; nil once that is long ago.
  private(set) var start: RunMoment<Item>?
  private let capacity, interval: Int
  /// How many items the last state has: to read them would copy the state, with its doctor.
  private var itemCount = 0 {
    didSet { isDue = itemCount >= interval || itemCount == 0 && all.isEmpty }
  }
  /// Whether the state before the next step is to be kept. It is asked at every step, where a generic array takes long
  /// to say whether it is empty.
  private(set) var isDue = true

  private let keepsStart: Bool

  /// How many steps the first state is kept for.
  private static var startLength: Int { 1000 }

  /// How many items are held at most.
  var itemLimit: Int { capacity * interval }

  init(of care: Care) {
    (capacity, interval) = (max(1, care.snapshots), max(1, care.snapshotInterval))
    keepsStart = care.treats
  }

  /// Keeps the state before a step.
  mutating func keep(_ snapshot: RunSnapshot, _ doctor: Doctor) {
    if all.count == capacity { retire(all.removeFirst()) }
    all.append(RunMoment(snapshot: snapshot, doctor: doctor))
    if snapshot.steps == 0, keepsStart { start = all.last }
    if snapshot.steps > Self.startLength { start = nil }
    itemCount = 0
  }

  /// Keeps the item of a step.
  mutating func note(_ item: Item) {
    all[all.count - 1].items.append(item)
    itemCount += 1
  }

  private mutating func retire(_ moment: RunMoment<Item>) {
    if let best, best.level <= moment.level { return }
    best = RunMoment(snapshot: moment.snapshot, doctor: moment.doctor)
  }

  /// Takes back the item of a step that was not taken.
  mutating func forgetLast() {
    all[all.count - 1].items.removeLast()
    if all[all.count - 1].items.isEmpty { all.removeLast() }
    itemCount = all.last?.items.count ?? 0
  }

  /// Forgets the states of a step and of all that came after it.
  mutating func forget(from step: Int) {
    all.removeAll { $0.snapshot.steps >= step }
    if let best, best.snapshot.steps >= step { self.best = nil }
    itemCount = all.last?.items.count ?? 0
  }

  /// Which of the states.
  enum Place {
    case best
    case last(Int)
  }

  subscript(place: Place) -> RunMoment<Item> {
    switch place {
    case .best: best!
    case .last(let index): all[index]
    }
  }

  /// What the run was trained on since a place, as far as it is known.
  func items(since place: Place) -> [Item] {
    switch place {
    case .best: all.flatMap(\.items)
    case .last(let index): all[index...].flatMap(\.items)
    }
  }

  /// The latest state at least so many steps before a step; the oldest of the last ones where there is none.
  func moment(before step: Int, by distance: Int) -> Place? {
    if all.isEmpty { return nil }
    return .last(all.lastIndex { $0.snapshot.steps <= step - distance } ?? 0)
  }

  /// The same, or the best state where losses had left its level for good by then.
  func healthyMoment(before step: Int, by distance: Int) -> Place? {
    guard let place = moment(before: step, by: distance) else { return nil }
    let level = self[place].level
    guard let best, best.level < level - 0.2 * abs(level) else { return place }
    return .best
  }

  /// A state with all that the run was trained on from there, as far as it is known.
  func moment(at place: Place) -> RunMoment<Item> {
    let moment = self[place]
    return RunMoment(snapshot: moment.snapshot, doctor: moment.doctor, items: items(since: place))
  }
}

extension RunMoment {
  /// The level of the losses before it; infinite while there are too few.
  fileprivate var level: Double {
    let losses = doctor.history.loss.recent
    return losses.count < 16 ? .infinity : losses.values.suffix(16).median
  }
}
