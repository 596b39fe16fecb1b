internal import CTrainingKernels
internal import CTrainingRuntime

/// Where tensors live and operations run.
public enum Device: Sendable, Hashable {
  /// The processor and its memory.
  case cpu

  /// What the device's memory pool holds.
  public var memory: MemoryUsage { backend.pool.usage }

  /// The bytes that lie in files in place of memory, and do not count against ``memoryLimit``. See ``StateFile``.
  public var fileMemory: Int { MemoryFile.total.withLock { $0 } }

  /// The most bytes that the pool may hold, in use and cached. A result that does not fit is a ``DeviceError``.
  ///
  ///     Device.cpu.memoryLimit = 2_000_000_000
  ///
  /// It starts as what the machine had available when the first tensor was made; limits of a container count.
  public var memoryLimit: Int {
    get { backend.pool.limit }
    nonmutating set { backend.pool.limit = max(0, newValue) }
  }

  /// The instructions that kernels use, such as `avx2`: the best that the processor has, unless `TRAININGKIT_ISA` names
  /// lower ones.
  public var instructionSet: String { String(cString: tk_isa_name(tk_isa_level())) }

  /// Whether large memory that the pool reserves from now on is asked to lie in huge pages, where the system has them.
  ///
  /// They make large tensors faster to reach. Small ones that few of a huge page's bytes are used for may hold more
  /// memory. It is true unless `TRAININGKIT_HUGE_PAGES` is 0; set it before the first tensor is made.
  public var usesHugePages: Bool {
    get { tk_huge_pages() }
    nonmutating set { tk_set_huge_pages(newValue) }
  }

  /// Starts a new measurement of the peak from the bytes in use now.
  public func resetPeakMemory() { backend.pool.resetPeak() }

  /// Gives memory that no tensor uses back to the system.
  public func trimMemory() { backend.pool.trim() }

  package var backend: any Backend { CPUBackend.shared }
}

extension Tensor {
  /// Where the elements lie.
  public var device: Device { .cpu }

  /// Notes that the memory is used for something else now.
  package func charge(to owner: MemoryOwner) {
    guard let storage, let pool = storage.owner as? MemoryPool else { return }
    pool.charge(slot: storage.slot, to: owner)
  }
}

extension MemoryPool {
  /// The pool of the processor, within what the machine has available.
  static func ofTheProcessor() -> MemoryPool {
    let pool = MemoryPool()
    let available = tk_available_memory()
    if available > 0 { pool.limit = Int(available) }
    return pool
  }
}
