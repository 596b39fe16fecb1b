internal import CTrainingRuntime

/// Makes elements ahead on a thread of its own, a few at most, and hands them out in order.
///
/// The thread ends with the last element, or when nobody holds the prefetcher any more.
final class Prefetcher<Element: Sendable> {
  private let line: Line<Element>
  private let thread: OpaquePointer?

  /// - Parameters:
  ///   - depth: how many elements may wait.
  ///   - make: makes the element of a number below `count`.
  init(count: Int, depth: Int, make: @escaping @Sendable (Int) -> Element) {
    line = Line(count: count, depth: depth, make: make)
    thread = tk_thread_start(
      { context in Unmanaged<AnyLine>.fromOpaque(context!).takeUnretainedValue().fill() },
      Unmanaged.passUnretained(line as AnyLine).toOpaque())
  }

  deinit {
    line.stop()
    if let thread { tk_thread_join(thread) }
  }

  /// The next element; nil after the last.
  func next() -> Element? { line.next(isFilled: thread != nil) }
}

/// What a C thread can be given, which knows no generic types.
private class AnyLine {
  func fill() {}
}

/// The elements that wait. Everything that changes is read and written with the monitor held.
private final class Line<Element: Sendable>: AnyLine {
  private let monitor: OpaquePointer
  private let count, depth: Int
  private let make: @Sendable (Int) -> Element
  private var waiting: [Element] = []
  private var taken = 0
  private var isStopped = false

  init(count: Int, depth: Int, make: @escaping @Sendable (Int) -> Element) {
    guard let monitor = tk_monitor_create() else {
      fatalError("Prefetcher: out of memory: expected a lock, got none")
    }
    self.monitor = monitor
    (self.count, self.depth, self.make) = (count, depth, make)
  }

  deinit { tk_monitor_destroy(monitor) }

  override func fill() {
    for number in 0..<count {
      let element = make(number)
      let goesOn = locked {
        waiting.append(element)
        tk_monitor_signal(monitor)
        while waiting.count >= depth, !isStopped { tk_monitor_wait(monitor) }
        return !isStopped
      }
      if !goesOn { return }
    }
  }

  func next(isFilled: Bool) -> Element? {
    guard taken < count else { return nil }
    taken += 1
    // Without a thread the elements are made here, on demand.
    guard isFilled else { return make(taken - 1) }
    return locked {
      while waiting.isEmpty { tk_monitor_wait(monitor) }
      tk_monitor_signal(monitor)
      return waiting.removeFirst()
    }
  }

  func stop() {
    locked {
      isStopped = true
      tk_monitor_signal(monitor)
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    tk_monitor_lock(monitor)
    defer { tk_monitor_unlock(monitor) }
    return body()
  }
}
