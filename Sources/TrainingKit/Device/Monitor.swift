internal import CTrainingRuntime

/// A value that one thread at a time may see, and a signal for those who wait for it to change.
///
/// It stands on the system's lock rather than on `Synchronization.Mutex`, which on Linux is a futex that
/// ThreadSanitizer does not see: memory that one thread gave back to the pool and another took would look
/// like a race, here and in users' programs.
///
/// `@unchecked Sendable`: what `value` points at is read and written only between `tk_monitor_lock` and
/// `tk_monitor_unlock`, and `withLock` hands it out for no longer than that. It is behind a pointer because the lock
/// keeps accesses apart already.
final class Monitor<Value: Sendable>: @unchecked Sendable {
  private let monitor: OpaquePointer
  private let value: UnsafeMutablePointer<Value>

  init(_ value: Value) {
    guard let monitor = tk_monitor_create() else {
      fatalError("Monitor: out of memory: expected a lock, got none")
    }
    self.monitor = monitor
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
  }

  deinit {
    tk_monitor_destroy(monitor)
    value.deinitialize(count: 1)
    value.deallocate()
  }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    tk_monitor_lock(monitor)
    defer { tk_monitor_unlock(monitor) }
    return try body(&value.pointee)
  }

  /// Changes the value and tells those who wait for that.
  func update(_ body: (inout Value) -> Void) { withLock(when: { _ in true }, body) }

  /// Waits until the condition holds, then changes the value, and tells others who wait.
  func withLock<Result>(
    when condition: (Value) -> Bool, _ body: (inout Value) throws -> Result
  ) rethrows -> Result {
    tk_monitor_lock(monitor)
    defer {
      tk_monitor_signal(monitor)
      tk_monitor_unlock(monitor)
    }
    while !condition(value.pointee) { tk_monitor_wait(monitor) }
    return try body(&value.pointee)
  }
}
