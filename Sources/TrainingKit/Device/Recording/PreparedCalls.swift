internal import CTrainingKernels
internal import CTrainingRuntime

/// What a pointwise kernel is told, worked out once; only addresses are read anew.
///
/// `@unchecked Sendable`: a tape is replayed by one thread at a time.
final class PreparedPointwise: @unchecked Sendable {
  typealias Kernel = (
    UnsafePointer<tk_space>, UnsafePointer<tk_operand>, _ begin: Int64, _ end: Int64
  ) -> Void

  private let space: UnsafeMutablePointer<tk_space>
  private let operands: UnsafeMutablePointer<tk_operand>
  private let addresses: UnsafeMutableBufferPointer<Address>
  private let count: Int

  /// The result first.
  init(_ tensors: Tensor...) {
    let target = tensors[0].form
    count = target.count
    space = .allocate(capacity: 1)
    space.initialize(to: tk_space(target.layout.shape.rank, target.layout.shape.lanes))
    operands = .allocate(capacity: tensors.count)
    for (position, x) in tensors.enumerated() {
      (operands + position).initialize(to: tk_operand(x, over: target))
    }
    addresses = .allocate(capacity: tensors.count)
    _ = addresses.initialize(from: tensors.map(Address.init))
  }

  deinit {
    space.deallocate()
    operands.deallocate()
    addresses.deallocate()
  }

  func run(_ kernel: Kernel) {
    for position in addresses.indices { operands[position].data = addresses[position].now }
    if count <= CPUBackend.grain {
      if count > 0 { kernel(space, operands, 0, Int64(count)) }
      return
    }
    parallelFor(count, grain: CPUBackend.grain) { begin, end in
      kernel(space, operands, Int64(begin), Int64(end))
    }
  }
}

/// Where a tensor of a tape, which holds its storage, is at the time.
struct Address {
  private unowned(unsafe) let storage: Storage?
  private let offset: Int

  init(_ x: Tensor) {
    storage = x.storage
    offset = x.layout.offset * x.dtype.byteCount
  }

  var now: UnsafeMutableRawPointer? { storage.map { $0.memory + offset } }
}

/// A product of matrices, worked out once for a number of threads.
///
/// `@unchecked Sendable`: as for ``PreparedPointwise``.
final class PreparedProduct: @unchecked Sendable {
  private let a, b, c: Tensor
  private let product: UnsafeMutablePointer<MatrixProduct>
  @exclusivity(unchecked) private var threads = 0
  /// The bytes of scratch memory that so many threads need.
  @exclusivity(unchecked) private var byteCount = 0

  init(_ a: Tensor, _ b: Tensor, into c: Tensor) {
    (self.a, self.b, self.c) = (a, b, c)
    product = .allocate(capacity: 1)
    product.initialize(to: MatrixProduct(a, b, into: c))
  }

  deinit {
    product.deinitialize(count: 1)
    product.deallocate()
  }

  func run(_ scratch: TapeScratch) throws(DeviceFault) {
    if Threads.count != threads { prepare() }
    product.pointee.lie(at: a.address, b.address, c.address)
    try scratch.run(byteCount, product.pointee)
  }

  private func prepare() {
    product.pointee = MatrixProduct(a, b, into: c)
    (threads, byteCount) = (Threads.count, product.pointee.work.roomByteCount)
  }
}

/// A reduction, worked out once.
///
/// `@unchecked Sendable`: as for ``PreparedPointwise``.
final class PreparedReduction: @unchecked Sendable {
  private let source: UnsafeMutablePointer<tk_reduce_source>
  private let row: tk_reduction
  private let compute: tk_compute
  private let result: tk_dtype
  private let count: Int
  private let x, y: Address

  init(_ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor) {
    self.row = row
    (compute, result, count) = (x.dtype.compute, y.dtype.kernel, y.count)
    (self.x, self.y) = (Address(x), Address(y))
    source = .allocate(capacity: 1)
    source.initialize(to: tk_reduce_source(x, axes: axes))
  }

  deinit { source.deallocate() }

  func run() {
    source.pointee.data = UnsafeRawPointer(x.now)
    tk_reduce(row, compute, source, y.now, result, 0, Int64(count))
  }
}

/// Scratch memory of a tape's calls: what is small stays.
///
/// `@unchecked Sendable`: as for ``PreparedPointwise``.
final class TapeScratch: @unchecked Sendable {
  private let pool: MemoryPool
  @exclusivity(unchecked) private var kept: Storage?
  private static let largestKept = 1 << 18

  init(in pool: MemoryPool) { self.pool = pool }

  /// Computes a product, which needs room for so many bytes.
  func run(_ byteCount: Int, _ product: borrowing MatrixProduct) throws(DeviceFault) {
    if let kept, kept.byteCount >= byteCount { return product.run(in: kept.memory) }
    let tag = MemoryTag("recorded step", owner: .workspace, module: nil)
    guard let room = pool.take(byteCount: max(byteCount, 64), tag) else {
      throw .noRoom(byteCount: byteCount)
    }
    if byteCount <= Self.largestKept { kept = room }
    product.run(in: room.memory)
  }
}
