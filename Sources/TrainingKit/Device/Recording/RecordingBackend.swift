package import CTrainingKernels

/// The processor's kernels, every call of which is noted on a tape.
///
/// What is written is known from then on; a kernel that reads anything else than that and what was given is a refusal,
/// as is whatever shows elements to the program.
///
/// `@unchecked Sendable`: it is in force on the thread that records, and on no other.
package final class RecordingBackend: Backend, @unchecked Sendable {
  /// Why there is no tape.
  package struct Refusal {
    package enum Reason {
      /// An operand that was made outside of the recording.
      case captured
      /// Elements that the program sees.
      case read
      /// Random numbers from elsewhere than the step's generator.
      case random
      /// Something that no tape can hold.
      case unsupported
    }

    package let reason: Reason
    package let operation: String
    /// The path of the module that was running.
    package let path: String
  }

  /// A storage that a place stands for.
  private struct Known {
    /// Gone, where another storage has its identity now.
    weak var storage: Storage?
    let place: TapePlace
  }

  let base: CPUBackend
  package let tape = KernelTape()
  /// The first; what is computed is right all the same.
  package private(set) var refusal: Refusal?
  private var known: [ObjectIdentifier: Known] = [:]
  private let generator: AnyObject
  private let start: tk_philox?
  private let path: () -> String
  private var isRefusing = true

  /// - Parameters:
  ///   - generator: whose numbers calls may draw, and where it stands; nil where its stream has no places.
  ///   - path: that of the module that runs.
  package init(
    base: CPUBackend, generator: AnyObject, at start: (key: UInt64, position: UInt64)?,
    path: @escaping () -> String
  ) {
    (self.base, self.generator, self.path) = (base, generator, path)
    self.start = start.map { tk_philox(key: $0.key, position: $0.position) }
  }

  /// Makes something known that kernels may read.
  package func give(_ x: Tensor) -> TapePlace? {
    guard let storage = x.storage else { return nil }
    let place = tape.place(for: storage, .given)
    known[ObjectIdentifier(storage)] = Known(storage: storage, place: place)
    return place
  }

  /// Whether something is known already.
  package func isKnown(_ x: Tensor) -> Bool { place(of: x) != nil }

  /// What stands for a tensor's memory; nil where nothing does.
  package func place(of x: Tensor) -> TapePlace? {
    guard let storage = x.storage, let found = known[ObjectIdentifier(storage)],
      found.storage === storage
    else { return nil }
    return found.place
  }

  /// Ends the forward pass; `body` may read the loss.
  package func endForward<Result>(loss: Tensor, _ body: () -> Result) -> Result {
    if let place = place(of: loss) {
      tape.endForward(reading: place)
    } else {
      refuse(.captured, "step")
    }
    isRefusing = false
    defer { isRefusing = true }
    return body()
  }

  /// Has a tensor's elements be a result of the step, and of no other kind.
  package func keep(_ x: Tensor) -> (place: TapePlace, form: TensorForm)? {
    guard let place = place(of: x) else { return nil }
    guard place.kind == .made else { return place.kind == .result ? (place, x.form) : copied(x) }
    place.kind = .result
    return (place, x.form)
  }

  /// A copy of what is no call's result.
  private func copied(_ x: Tensor) -> (place: TapePlace, form: TensorForm)? {
    let form = TensorForm(TensorSpec(x.shape, x.dtype))
    let tag = MemoryTag("recorded step", owner: .gradients, module: nil)
    guard let storage = base.pool.take(byteCount: form.byteCount, tag) else { return nil }
    let copy = Tensor(storage: storage, form: form)
    copyNoted(x, into: copy)
    return keep(copy)
  }

  func copyNoted(_ x: Tensor, into y: Tensor) {
    base.copy(x, into: y)
    note("copy", [], reads: [x], writes: [y]) { [base] t in
      let (x, y) = (t[0], t[1])
      return { () throws(DeviceFault) in base.copy(x, into: y) }
    }
  }

  package func refuse(_ reason: Refusal.Reason, _ operation: String) {
    guard isRefusing, refusal == nil else { return }
    refusal = Refusal(reason: reason, operation: operation, path: path())
  }

  /// Notes a call that was made. `make` gets its operands on the tape: what is read, then what is written.
  func note(
    _ name: String, _ details: [AnyHashable], reads: [Tensor?], writes: [Tensor],
    isFixed: Bool = true, _ make: ([Tensor]) -> KernelTape.Call
  ) {
    guard isRefusing, refusal == nil else { return }
    var operands: [Tensor] = []
    var signature: [TapeOperand] = []
    for (position, x) in (reads + writes).enumerated() {
      guard let x, let storage = x.storage else {
        let none = x ?? .hollow(.scalar, .float32)
        operands.append(none.hollow.detached())
        signature.append(TapeOperand(place: -1, layout: none.layout, dtype: none.dtype))
        continue
      }
      guard let place = place(of: x) ?? made(storage, isWritten: position >= reads.count) else {
        let operation = writes.first.flatMap { base.pool.operation(of: $0) } ?? name
        return refuse(position < reads.count ? .captured : .read, operation)
      }
      // What was given is somebody else's.
      if position >= reads.count, place.kind == .given { return refuse(.unsupported, name) }
      operands.append(Tensor(storage: place.storage, form: x.form))
      signature.append(TapeOperand(place: place.number, layout: x.layout, dtype: x.dtype))
    }
    tape.append(
      KernelTape.Signature(
        name: name, operands: signature, readCount: reads.count, details: details,
        isFixed: isFixed),
      make(operands))
  }

  /// A place for what is written for the first time, unless that is for the program to see.
  private func made(_ storage: Storage, isWritten: Bool) -> TapePlace? {
    guard isWritten, storage.owner === base.pool else { return nil }
    let place = tape.place(for: storage, .made)
    known[ObjectIdentifier(storage)] = Known(storage: storage, place: place)
    return place
  }

  /// Where a stream stands, counted from the step's start; nil, after a refusal, for that of another generator.
  func random(_ generator: tk_philox, _ name: String) -> (() -> tk_philox)? {
    guard let start, generator.key == start.key else {
      refuse(.random, name)
      return nil
    }
    let (distance, random) = (generator.position &- start.position, tape.random)
    return {
      tk_philox(key: random.start.key, position: random.start.position &+ distance)
    }
  }
}

extension RecordingBackend {
  package var pool: MemoryPool { base.pool }
  package func pool(for file: MemoryPool) -> MemoryPool { base.pool(for: file) }
  package var isPaper: Bool { false }
  package var deviceNumber: Int? { base.deviceNumber }
  /// Who would wait for elements has to do without them.
  package var computesAside: Bool { true }

  package func willRead(_ x: Tensor, for operation: String) { refuse(.read, operation) }
  package func willDraw(from generator: AnyObject, isCounted: Bool) {
    if generator !== self.generator || !isCounted { refuse(.random, "random numbers") }
  }

  package func read(_ x: Tensor, into target: UnsafeMutableRawPointer) {
    refuse(.read, "elements")
    base.read(x, into: target)
  }
  package func measure(_ x: Tensor, parts: Int, power: Double, scale: Double)
    -> [ElementStatistics]
  {
    refuse(.read, "statistics")
    return base.measure(x, parts: parts, power: power, scale: scale)
  }
  package func measure(each tensors: [Tensor]) -> [ElementStatistics] {
    refuse(.read, "statistics")
    return base.measure(each: tensors)
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) {
    refuse(.unsupported, "update")
    base.update(row, scalars, parameter: parameter, gradient: gradient, states: states)
  }
  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) {
    refuse(.unsupported, "update")
    base.update(row, scalars, rounded: weights, gradient: gradient, states: states)
  }
}

extension MemoryPool {
  /// What the memory of a tensor was taken for.
  func operation(of x: Tensor) -> String? {
    guard let storage = x.storage, storage.owner === self else { return nil }
    return tag(ofSlot: storage.slot).operation
  }
}
