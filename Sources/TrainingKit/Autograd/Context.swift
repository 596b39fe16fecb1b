internal import CTrainingRuntime

/// What the calling thread is in the middle of: recording or not, in which precision and module, in a `validated`
/// scope.
///
/// It is for the thread that asked for it, and dies with it. Every operation looks at it, so that it is no object of
/// Swift's, whose count of holders and checks of access would cost as much as what they are asked for.
@dynamicMemberLookup
package struct Context {
  package struct State {
    package fileprivate(set) var isRecording = true
    /// What chooses the precision of operations; nil for that of their inputs.
    package fileprivate(set) var autocast: Autocast?
    package fileprivate(set) var modules: [AnyObject] = []
    /// Where results are made.
    package fileprivate(set) var backend: any Backend = CPUBackend.shared {
      didSet { deviceNumber = backend.deviceNumber }
    }
    /// The backend's, for who asks at every operation.
    package private(set) var deviceNumber: Int? = 0
    /// Where results lie in place of the backend's memory; nil for there.
    package fileprivate(set) var otherPool: MemoryPool?
    /// The piece of the graph that nodes become part of.
    package fileprivate(set) var piece: GraphPiece?
    /// The modules whose calls are recomputed, by a rule that is in force.
    package fileprivate(set) var recomputed: RecomputedModules?
    /// The module whose gradients are being computed.
    fileprivate var passedModule: ObjectIdentifier?
    /// What results are made for; nil where operations tell by themselves.
    package fileprivate(set) var memoryOwner: MemoryOwner?
    /// Who is told of calls; nil when nobody looks.
    package fileprivate(set) var observer: ((ObservedCall) -> Void)?
    /// The outermost modules that ran while somebody wanted to know; nil when nobody does.
    fileprivate var roots: [AnyObject]?
    fileprivate var scopedValues: [ObjectIdentifier: any Sendable] = [:]
    fileprivate var validationDepth = 0
    fileprivate var failure: (any Error)?
    fileprivate var writes: [any Undoable]?
    /// What tells one context from all others, past ones too.
    package let identity = ContextIdentity()
  }

  let state: UnsafeMutablePointer<State>

  package subscript<Value>(dynamicMember member: KeyPath<State, Value>) -> Value {
    @inline(__always) get { state.pointee[keyPath: member] }
  }

  /// What has been written while somebody wants to undo it, the first at the start; nil when nobody does.
  package var writes: [any Undoable]? {
    get { state.pointee.writes }
    nonmutating set { state.pointee.writes = newValue }
  }

  /// Notes a write, while somebody wants to undo it.
  package func note(_ write: @autoclosure () -> any Undoable) {
    if state.pointee.writes != nil { state.pointee.writes!.append(write()) }
  }

  /// The calling thread's context.
  package static var current: Context {
    if let state = tk_thread_state() {
      return Context(state: state.assumingMemoryBound(to: State.self))
    }
    return Context()
  }

  private init(state: UnsafeMutablePointer<State>) { self.state = state }

  /// A context for a thread that has none.
  private init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State())
    tk_set_thread_state(state) { state in
      let state = state!.assumingMemoryBound(to: State.self)
      state.deinitialize(count: 1)
      state.deallocate()
    }
  }

  /// Keeps the first failure of a `validated` scope, or ends the program with its sentence.
  package func fail(_ error: some Error) { failHere(located(error)) }

  private func failHere(_ error: any Error) {
    guard state.pointee.validationDepth > 0 else { fatalError("\(error)") }
    if state.pointee.failure == nil { state.pointee.failure = error }
  }

  /// Whether something has failed in the innermost `validated` scope.
  package var hasFailed: Bool { state.pointee.failure != nil }

  /// What a layer above has put into the innermost scope: one value of each type.
  package func scoped<Value: Sendable>(_ type: Value.Type) -> Value? {
    state.pointee.scopedValues[ObjectIdentifier(type)] as? Value
  }

  /// Runs `body` with a value that `scoped` finds.
  package func scoping<Value: Sendable, Result, Failure: Error>(
    _ value: Value, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let key = ObjectIdentifier(Value.self)
    let outer = state.pointee.scopedValues.updateValue(value, forKey: key)
    defer { state.pointee.scopedValues[key] = outer }
    return try body()
  }

  private func located(_ error: any Error) -> any Error {
    guard let error = error as? TensorError, let place else { return error }
    return place.located(error)
  }

  /// The module that runs; nil outside of modules.
  package var place: ModulePlace? {
    self.modules.first.map { ModulePlace(root: $0, module: self.modules.last!) }
  }

  /// Keeps what a fault of the device was for an operation, as `fail` does.
  package func fail(_ fault: DeviceFault, in operation: String) {
    // A mistake that was made earlier knows where that was.
    if case .mistake(let error) = fault { return failHere(error) }
    fail(circumstance(fault, operation))
  }

  /// Reports mistakes that the device finds later than they were made, where a `validated` scope is to throw them.
  package func settle() {
    guard state.pointee.validationDepth > 0, self.backend.computesAside else { return }
    run("validated") { (backend) throws(DeviceFault) in try backend.settle() }
  }
}

/// Where in a model something happened.
///
/// `@unchecked Sendable`: modules are asked for their paths alone.
package struct ModulePlace: @unchecked Sendable {
  fileprivate let root, module: AnyObject

  /// The path of the module from the root.
  package var path: String {
    ObjectTree.path(from: root, to: module) ?? "\(type(of: module))"
  }

  /// The error with its path.
  package func located(_ error: TensorError) -> TensorError {
    var error = error
    error.path = path
    return error
  }
}

/// Tells a context from those of threads that have ended, whose memory it may have.
package final class ContextIdentity: Sendable {}

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
  if let failure = context.state.pointee.failure { throw failure }
  context.state.pointee.validationDepth += 1
  defer {
    context.state.pointee.validationDepth -= 1
    context.state.pointee.failure = nil
  }
  let result = try body()
  context.settle()
  if let failure = context.state.pointee.failure { throw failure }
  return result
}

/// Runs `body` without recording operations: its results have no gradients and keep no inputs alive.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  try Context.current.recording(false, body)
}

extension Context {
  /// Runs `body` while a member has another value.
  @inline(__always)
  private func with<Value, Result, Failure: Error>(
    _ member: WritableKeyPath<State, Value>, _ value: Value, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = state.pointee[keyPath: member]
    state.pointee[keyPath: member] = value
    defer { state.pointee[keyPath: member] = outer }
    return try body()
  }

  package func recording<Result, Failure: Error>(
    _ isRecording: Bool, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.isRecording, isRecording, body)
  }

  package func autocasting<Result, Failure: Error>(
    _ autocast: Autocast?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.autocast, autocast, body)
  }

  /// Runs `body` as part of a module, which errors and findings then name.
  package func entering<Result, Failure: Error>(
    _ module: AnyObject, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if state.pointee.modules.isEmpty { state.pointee.roots?.append(module) }
    state.pointee.modules.append(module)
    defer { state.pointee.modules.removeLast() }
    return try body()
  }

  /// Runs `body` while somebody is told of its calls.
  package func observing<Result, Failure: Error>(
    _ observer: ((ObservedCall) -> Void)?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.observer, observer, body)
  }

  /// Tells of a call that did not fail. What the observer computes is its own affair.
  package func tell(_ call: ObservedCall) {
    guard let observer = self.observer, !hasFailed else { return }
    observing(nil) { recording(false) { observer(call) } }
  }

  /// The module that results are made in.
  package var moduleIdentity: ObjectIdentifier? {
    state.pointee.passedModule ?? state.pointee.modules.last.map { ObjectIdentifier($0) }
  }

  /// Runs `body` as the way back through a module.
  package func passing<Result>(_ module: ObjectIdentifier?, _ body: () -> Result) -> Result {
    with(\.passedModule, module, body)
  }

  /// Runs `body`, whose results are made for an owner.
  package func charging<Result, Failure: Error>(
    _ owner: MemoryOwner, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.memoryOwner, owner, body)
  }

  /// Runs `body` on another device.
  package func computing<Result, Failure: Error>(
    on backend: any Backend, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.backend, backend, body)
  }

  /// Runs `body`, whose results lie in a pool; nil for the backend's.
  package func allocating<Result, Failure: Error>(
    in pool: MemoryPool?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.otherPool, pool, body)
  }

  /// Runs `body` with a rule of which modules are recomputed.
  package func recomputing<Result, Failure: Error>(
    _ modules: RecomputedModules?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try with(\.recomputed, modules, body)
  }

  /// Runs `body`, whose nodes are a piece of the graph.
  package func recording<Result>(_ piece: GraphPiece, _ body: () -> Result) -> Result {
    with(\.piece, piece) { recomputing(nil) { recording(true, body) } }
  }

  /// Runs `body` as it ran before, in other modules, on the way back.
  package func replaying<Result>(in modules: [AnyObject], _ body: () -> Result) -> Result {
    with(\.modules, modules) { passing(nil) { charging(.activations, body) } }
  }

  /// Runs `body`, and takes back what it wrote when it throws, or unless its result says otherwise.
  package func undoingWrites<Result>(
    unless isKept: (Result) -> Bool, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = writes
    writes = []
    var isUndone = true
    defer {
      let own = writes ?? []
      writes = nil
      if isUndone { own.reversed().forEach { $0.undo() } }
      writes = isUndone ? outer : outer.map { $0 + own }
    }
    let result = try body()
    isUndone = !isKept(result)
    return result
  }

  /// Runs `body` and gives the paths of the modules that ran in it, too.
  package func tracing<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, paths: [ObjectIdentifier: String]) {
    let outer = state.pointee.roots
    state.pointee.roots = []
    defer { state.pointee.roots = outer }
    let result = try body()
    var seen: Set<ObjectIdentifier> = []
    let own = state.pointee.roots!.filter { seen.insert(ObjectIdentifier($0)).inserted }
    return (result, own.reduce(into: [:]) { $0.merge(ObjectTree.paths(below: $1)) { a, _ in a } })
  }
}
