internal import CTrainingRuntime

/// Makes elements ahead on threads of its own, a few at most, and hands them out in order.
///
/// The threads end with the last element, or when nobody holds the prefetcher any more.
final class Prefetcher<Element: Sendable> {
  private let line: Line<Element>
  private var threads: [OpaquePointer] = []

  /// - Parameters:
  ///   - depth: how many elements a worker may be ahead.
  ///   - workers: how many threads there are; fewer when the system has no more.
  ///   - make: makes the element of a number below `count`.
  init(count: Int, depth: Int, workers: Int, make: @escaping @Sendable (Int) -> Element) {
    let (ahead, overflow) = depth.multipliedReportingOverflow(by: workers)
    line = Line(count: count, depth: overflow ? count : ahead, make: make)
    while threads.count < min(workers, count) {
      let thread = tk_thread_start(
        { context in Unmanaged<AnyLine>.fromOpaque(context!).takeUnretainedValue().fill() },
        Unmanaged.passUnretained(line as AnyLine).toOpaque())
      guard let thread else { break }
      threads.append(thread)
    }
  }

  deinit {
    line.stop()
    for thread in threads { tk_thread_join(thread) }
  }

  /// The next element; nil after the last, and when there is no thread to make any.
  func next() -> Element? { threads.isEmpty ? nil : line.next() }
}

/// What a C thread can be given, which knows no generic types.
private class AnyLine {
  func fill() {}
}

/// The elements that wait.
private final class Line<Element: Sendable>: AnyLine {
  private struct State: Sendable {
    var waiting: [Int: Element] = [:]
    /// How many elements workers have taken on, and how many were handed out.
    var begun = 0
    var taken = 0
    var isStopped = false
  }

  private let state = Monitor(State())
  private let count, depth: Int
  private let make: @Sendable (Int) -> Element

  init(count: Int, depth: Int, make: @escaping @Sendable (Int) -> Element) {
    (self.count, self.depth, self.make) = (count, depth, make)
  }

  override func fill() {
    // A training step on another thread must not lose the pool to what is made here.
    tk_work_alone()
    while let number = begin() {
      let element = make(number)
      state.update { $0.waiting[number] = element }
    }
  }

  /// The number of an element to make; nil when there are no more to make.
  private func begin() -> Int? {
    let (count, depth) = (count, depth)
    return state.withLock(when: {
      $0.isStopped || $0.begun == count || $0.begun - $0.taken < depth
    }) {
      guard !$0.isStopped, $0.begun < count else { return nil }
      $0.begun += 1
      return $0.begun - 1
    }
  }

  func next() -> Element? {
    let count = count
    return state.withLock(when: { $0.taken == count || $0.waiting[$0.taken] != nil }) {
      guard $0.taken < count else { return nil }
      $0.taken += 1
      return $0.waiting.removeValue(forKey: $0.taken - 1)
    }
  }

  func stop() { state.update { $0.isStopped = true } }
}
