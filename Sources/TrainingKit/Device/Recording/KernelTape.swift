internal import CTrainingKernels

/// Calls of kernels in their order, to be made again on the same places in memory.
///
/// A call holds tensors on the tape's own storages, whose addresses the tape sets: those of what the calls make lie in
/// one room, by a plan that was made once; those of what comes from outside and goes there are set before each replay.
package final class KernelTape {
  /// What a call does.
  typealias Call = () throws(DeviceFault) -> Void

  /// What a call was made with, so that two recordings can be told apart.
  struct Signature: Equatable {
    let name: String
    /// What is read, then what is written.
    let operands: [TapeOperand]
    let readCount: Int
    let details: [AnyHashable]
    /// Whether the results depend on nothing but what is read.
    let isFixed: Bool

    var reads: ArraySlice<TapeOperand> { operands[..<readCount] }
    var writes: ArraySlice<TapeOperand> { operands[readCount...] }
  }

  /// A call as it is: an array of bare closures would wrap each of them.
  private struct Entry {
    let call: Call
  }

  /// All that were recorded.
  private var calls: [Call] = []
  /// Those of a replay.
  private var forward: [Entry] = []
  private var backward: [Entry] = []
  private(set) var signatures: [Signature] = []
  /// By their numbers.
  private(set) var places: [TapePlace] = []
  /// Where random numbers are drawn from in a replay.
  let random = TapeRandom()
  /// How many calls are those of the forward pass.
  private var forwardCount = 0
  /// What the places of the plan lie in.
  private var room: Storage?
  /// What calls write to on their way.
  private var scratch: TapeScratch?

  package init() {}

  /// The calls of kernels in a replay.
  package var count: Int { forward.count + backward.count }
  /// The bytes that the plan takes.
  package var roomByteCount: Int { room?.byteCount ?? 0 }

  /// A place for a storage; what it is of is told by its kind.
  func place(for storage: Storage, _ kind: TapePlace.Kind) -> TapePlace {
    let place = TapePlace(number: places.count, of: storage, kind)
    places.append(place)
    return place
  }

  /// The memory that calls write to on their way.
  func scratch(in pool: MemoryPool) -> TapeScratch {
    let found = scratch ?? TapeScratch(in: pool)
    scratch = found
    return found
  }

  func append(_ signature: Signature, _ call: @escaping Call) {
    for operand in signature.operands where operand.place >= 0 {
      places[operand.place].use(at: calls.count)
    }
    calls.append(call)
    signatures.append(signature)
  }

  /// Has a replay draw random numbers from a place of a Philox stream on.
  package func draw(fromKey key: UInt64, position: UInt64) {
    random.start = tk_philox(key: key, position: position)
  }

  /// Ends the forward pass, after which the loss is read.
  func endForward(reading loss: TapePlace) {
    loss.use(at: calls.count)
    forwardCount = calls.count
  }

  /// Makes the calls of the forward pass.
  package func runForward() throws(DeviceFault) { try run(forward) }

  /// Makes the calls of the backward pass.
  package func runBackward() throws(DeviceFault) { try run(backward) }

  private func run(_ entries: [Entry]) throws(DeviceFault) {
    for entry in entries { try entry.call() }
  }

  /// The first call in which another tape differs; nil where they are the same.
  package func difference(from other: KernelTape) -> String? {
    for (own, others) in zip(signatures, other.signatures) where own != others { return own.name }
    let (own, others) = (signatures.count, other.signatures.count)
    if own == others { return forwardCount == other.forwardCount ? nil : "loss" }
    return own > others ? signatures[others].name : other.signatures[own].name
  }
}

extension KernelTape {
  /// Gives the places that the calls make and nobody else wants their memory, and makes the calls whose results are
  /// always the same; false where there is no memory for that.
  package func layOut(in pool: MemoryPool) -> Bool {
    let fold = ConstantFold(signatures, places)
    let constants = places.indices.filter { fold.isConstant[$0] }
    let made = places.filter { $0.kind == .made && !fold.isConstant[$0.number] }
    var plan = TapePlan()
    let offsets = plan.offsets(
      of: made.map { (first: $0.first, last: $0.last, byteCount: $0.storage.byteCount) })
    var size = plan.byteCount
    let constantOffsets = constants.map { number in
      defer { size += TapePlan.size(places[number].byteCount) }
      return size
    }
    let tag = MemoryTag("recorded step", owner: .activations, module: nil)
    guard let room = pool.take(byteCount: max(1, size), tag) else { return false }
    self.room = room
    for (place, offset) in zip(made, offsets) { place.storage.memory = room.memory + offset }
    for (number, offset) in zip(constants, constantOffsets) {
      places[number].storage.memory = room.memory + offset
    }
    return schedule(without: fold.calls)
  }

  /// Makes calls once and for all, and has the others be those of a replay.
  private func schedule(without constants: Set<Int>) -> Bool {
    for (position, call) in calls.enumerated() {
      if constants.contains(position) {
        do { try call() } catch { return false }
      } else if position < forwardCount {
        forward.append(Entry(call: call))
      } else {
        backward.append(Entry(call: call))
      }
    }
    calls = []
    return true
  }
}

/// A storage of a tape: something that calls read or write.
package final class TapePlace {
  package enum Kind: Sendable, Hashable {
    /// Made by a call, for others.
    case made
    /// Made by a call, for whoever asked for the step.
    case result
    /// Known before the first call.
    case given
  }

  let number: Int
  let storage: Storage
  package internal(set) var kind: Kind
  /// The first and the last call that it takes part in.
  fileprivate(set) var first = -1
  fileprivate(set) var last = -1

  fileprivate init(number: Int, of storage: Storage, _ kind: Kind) {
    (self.number, self.kind) = (number, kind)
    self.storage = Storage(
      memory: storage.memory, byteCount: storage.byteCount, owner: NobodysMemory.shared, slot: 0)
  }

  fileprivate func use(at call: Int) {
    if first < 0 { first = call }
    last = call
  }

  /// Has the place be where a storage is.
  ///
  /// - Parameter shift: how many bytes further the elements lie than they did when the place was made.
  package func lie(in storage: Storage, shiftedBy shift: Int = 0) {
    self.storage.memory = storage.memory + shift
  }

  package var byteCount: Int { storage.byteCount }
  /// Whether a call reads or writes it.
  package var isUsed: Bool { first >= 0 }

  /// A tensor there.
  package func tensor(_ form: TensorForm) -> Tensor { Tensor(storage: storage, form: form) }

  /// Whether a place of another tape is used alike.
  package func isLike(_ other: TapePlace) -> Bool { number == other.number && kind == other.kind }
}

/// An operand of a call: a place and how its elements lie there.
struct TapeOperand: Equatable {
  /// −1 for a tensor without elements.
  let place: Int
  let layout: Layout
  let dtype: DType
}

/// Where a replay's random numbers start.
final class TapeRandom {
  var start = tk_philox()
}

/// What a tape's storages belong to: others hold the memory.
private final class NobodysMemory: StorageOwner {
  static let shared = NobodysMemory()
  func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int) {}
}

extension Tensor {
  /// The same elements in a storage of its own, which holds the memory and begins with them.
  package func borrowed() -> Tensor {
    guard let storage else { return self }
    var layout = layout
    layout.offset = 0
    let own = Storage(
      memory: address, byteCount: storage.byteCount - self.layout.offset * dtype.byteCount,
      owner: Borrower(of: storage), slot: 0, deviceNumber: storage.deviceNumber)
    return Tensor(storage: own, layout: layout, dtype: dtype, origin: origin)
  }
}

/// What holds memory that lies in another storage.
private final class Borrower: StorageOwner {
  private let storage: Storage

  init(of storage: Storage) { self.storage = storage }

  func reclaim(_ memory: UnsafeMutableRawPointer, slot: Int) {}
}
