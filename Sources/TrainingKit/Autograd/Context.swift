internal import CTrainingRuntime

/// What the calling thread is in the middle of: recording or not, in which precision and module, in a `validated`
/// scope.
package final class Context {
  package fileprivate(set) var isRecording = true
  /// What chooses the precision of operations; nil for that of their inputs.
  package fileprivate(set) var autocast: Autocast?
  package fileprivate(set) var modules: [AnyObject] = []
  /// Where results are made.
  package fileprivate(set) var backend: any Backend = CPUBackend.shared
  /// Where results lie in place of the backend's memory; nil for there.
  package fileprivate(set) var otherPool: MemoryPool?
  /// The piece of the graph that nodes become part of.
  package fileprivate(set) var piece: GraphPiece?
  /// The modules whose calls are recomputed, by a rule that is in force.
  package fileprivate(set) var recomputed: RecomputedModules?
  /// What has been written while somebody wants to undo it, the first at the start; nil when nobody does.
  package var writes: [any Undoable]?
  /// The module whose gradients are being computed.
  fileprivate var passedModule: ObjectIdentifier?
  /// What results are made for; nil where operations tell by themselves.
  package fileprivate(set) var memoryOwner: MemoryOwner?
  /// Who is told of calls; nil when nobody looks.
  package fileprivate(set) var observer: ((ObservedCall) -> Void)?
  /// The outermost modules that ran while somebody wanted to know; nil when nobody does.
  fileprivate var roots: [AnyObject]?
  private var scopedValues: [ObjectIdentifier: any Sendable] = [:]
  fileprivate var validationDepth = 0
  fileprivate var failure: (any Error)?

  /// The calling thread's context.
  package static var current: Context {
    if let state = tk_thread_state() {
      return Unmanaged<Context>.fromOpaque(state).takeUnretainedValue()
    }
    let context = Context()
    tk_set_thread_state(Unmanaged.passRetained(context).toOpaque()) { state in
      Unmanaged<Context>.fromOpaque(state!).release()
    }
    return context
  }

  /// Keeps the first failure of a `validated` scope, or ends the program with its sentence.
  package func fail(_ error: some Error) {
    let error = located(error)
    guard validationDepth > 0 else { fatalError("\(error)") }
    if failure == nil { failure = error }
  }

  /// Whether something has failed in the innermost `validated` scope.
  package var hasFailed: Bool { failure != nil }

  /// What a layer above has put into the innermost scope: one value of each type.
  package func scoped<Value: Sendable>(_ type: Value.Type) -> Value? {
    scopedValues[ObjectIdentifier(type)] as? Value
  }

  /// Runs `body` with a value that `scoped` finds.
  package func scoping<Value: Sendable, Result, Failure: Error>(
    _ value: Value, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = scopedValues.updateValue(value, forKey: ObjectIdentifier(Value.self))
    defer { scopedValues[ObjectIdentifier(Value.self)] = outer }
    return try body()
  }

  private func located(_ error: any Error) -> any Error {
    guard var error = error as? TensorError, let root = modules.first, let module = modules.last
    else { return error }
    error.path = ObjectTree.path(from: root, to: module) ?? "\(type(of: module))"
    return error
  }
}

/// Runs `body` and throws the first mistake that an operation in it met, instead of trapping.
///
///     let y = try validated { model(x) }     // throws TensorError when x has the wrong shape
///
/// After a mistake, results are hollow: they have a shape, but no elements to read. A scope inside one that has failed
/// throws that failure at once.
///
/// - Errors: `TensorError` for a mistake, `DeviceError` for a circumstance, and whatever `body` throws.
public func validated<Result>(_ body: () throws -> Result) throws -> Result {
  let context = Context.current
  // In a scope that has failed already, the first mistake is that one.
  if let failure = context.failure { throw failure }
  context.validationDepth += 1
  defer {
    context.validationDepth -= 1
    context.failure = nil
  }
  let result = try body()
  if let failure = context.failure { throw failure }
  return result
}

/// Runs `body` without recording operations: its results have no gradients and keep no inputs alive.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  try Context.current.recording(false, body)
}

extension Context {
  package func recording<Result>(_ isRecording: Bool, _ body: () throws -> Result) rethrows
    -> Result
  {
    let outer = self.isRecording
    self.isRecording = isRecording
    defer { self.isRecording = outer }
    return try body()
  }

  package func autocasting<Result, Failure: Error>(
    _ autocast: Autocast?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = self.autocast
    self.autocast = autocast
    defer { self.autocast = outer }
    return try body()
  }

  /// Runs `body` as part of a module, which errors and findings then name.
  package func entering<Result>(_ module: AnyObject, _ body: () throws -> Result) rethrows
    -> Result
  {
    if modules.isEmpty { roots?.append(module) }
    modules.append(module)
    defer { modules.removeLast() }
    return try body()
  }

  /// Runs `body` while somebody is told of its calls.
  package func observing<Result>(
    _ observer: ((ObservedCall) -> Void)?, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = self.observer
    self.observer = observer
    defer { self.observer = outer }
    return try body()
  }

  /// Tells of a call that did not fail. What the observer computes is its own affair.
  package func tell(_ call: ObservedCall) {
    guard let observer, failure == nil else { return }
    observing(nil) { recording(false) { observer(call) } }
  }

  /// The module that results are made in.
  package var moduleIdentity: ObjectIdentifier? {
    passedModule ?? modules.last.map { ObjectIdentifier($0) }
  }

  /// Runs `body` as the way back through a module.
  package func passing<Result>(_ module: ObjectIdentifier?, _ body: () -> Result) -> Result {
    let outer = passedModule
    passedModule = module
    defer { passedModule = outer }
    return body()
  }

  /// Runs `body`, whose results are made for an owner.
  package func charging<Result>(_ owner: MemoryOwner, _ body: () throws -> Result) rethrows
    -> Result
  {
    let outer = memoryOwner
    memoryOwner = owner
    defer { memoryOwner = outer }
    return try body()
  }

  /// Runs `body` on another device.
  package func computing<Result>(on backend: any Backend, _ body: () throws -> Result) rethrows
    -> Result
  {
    let outer = self.backend
    self.backend = backend
    defer { self.backend = outer }
    return try body()
  }

  /// Runs `body`, whose results lie in a pool; nil for the backend's.
  package func allocating<Result>(in pool: MemoryPool?, _ body: () throws -> Result) rethrows
    -> Result
  {
    let outer = otherPool
    otherPool = pool
    defer { otherPool = outer }
    return try body()
  }

  /// Runs `body` with a rule of which modules are recomputed.
  package func recomputing<Result>(
    _ modules: RecomputedModules?, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = recomputed
    recomputed = modules
    defer { recomputed = outer }
    return try body()
  }

  /// Runs `body`, whose nodes are a piece of the graph.
  package func recording<Result>(_ piece: GraphPiece, _ body: () -> Result) -> Result {
    let outer = (self.piece, recomputed)
    (self.piece, recomputed) = (piece, nil)
    defer { (self.piece, recomputed) = outer }
    return recording(true, body)
  }

  /// Runs `body` as it ran before, in other modules, on the way back.
  package func replaying<Result>(in modules: [AnyObject], _ body: () -> Result) -> Result {
    let outer = (self.modules, passedModule)
    (self.modules, passedModule) = (modules, nil)
    defer { (self.modules, passedModule) = outer }
    return charging(.activations, body)
  }

  /// Runs `body` and gives the paths of the modules that ran in it, too.
  package func tracing<Result>(_ body: () throws -> Result) rethrows
    -> (result: Result, paths: [ObjectIdentifier: String])
  {
    let outer = roots
    roots = []
    defer { roots = outer }
    let result = try body()
    var seen: Set<ObjectIdentifier> = []
    let own = roots!.filter { seen.insert(ObjectIdentifier($0)).inserted }
    return (result, own.reduce(into: [:]) { $0.merge(ObjectTree.paths(below: $1)) { a, _ in a } })
  }
}
