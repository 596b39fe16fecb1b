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

/// The elements that wait.
private final class Line<Element: Sendable>: AnyLine {
  private struct State: Sendable {
    var waiting: [Element] = []
    var isStopped = false
  }

  private let state = Monitor(State())
  private let count, depth: Int
  private let make: @Sendable (Int) -> Element
  /// Known to the thread that takes, and to no other.
  private var taken = 0

  init(count: Int, depth: Int, make: @escaping @Sendable (Int) -> Element) {
    (self.count, self.depth, self.make) = (count, depth, make)
  }

  override func fill() {
    for number in 0..<count {
      let goesOn = state.withLock(when: { [depth] in $0.waiting.count < depth || $0.isStopped }) {
        !$0.isStopped
      }
      guard goesOn else { return }
      let element = make(number)
      state.update { $0.waiting.append(element) }
    }
  }

  func next(isFilled: Bool) -> Element? {
    guard taken < count else { return nil }
    taken += 1
    // Without a thread the elements are made here, on demand.
    guard isFilled else { return make(taken - 1) }
    return state.withLock(when: { !$0.waiting.isEmpty }) { $0.waiting.removeFirst() }
  }

  func stop() { state.update { $0.isStopped = true } }
}
