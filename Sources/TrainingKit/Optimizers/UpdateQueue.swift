/// Updates of parameters that a device does at once.
///
/// `@unchecked Sendable`: the thread of its scope alone knows it.
final class UpdateQueue: @unchecked Sendable {
  private var waiting: [ParameterUpdate] = []

  private init() {}

  /// Runs `body`, whose updates are there when this returns. None of them reads what another writes.
  static func gathering(_ body: () -> Void) {
    let context = Context.current
    guard context.backend.updatesTogether else { return body() }
    let queue = UpdateQueue()
    context.scoping(queue, body)
    context.run("update") { (backend) throws(DeviceFault) in try backend.update(queue.waiting) }
  }

  /// Runs an update, or leaves it to the scope that gathers.
  static func run(_ update: ParameterUpdate) {
    let context = Context.current
    if let queue = context.scoped(UpdateQueue.self) { return queue.waiting.append(update) }
    context.run("update") { (backend) throws(DeviceFault) in try backend.update([update]) }
  }
}
