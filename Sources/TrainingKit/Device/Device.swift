internal import CTrainingKernels
internal import CTrainingRuntime

/// Where tensors live and operations run.
///
///     try withDevice(.default) {
///       let model = Linear(64, 10)          // on the GPU, where there is one
///       …
///     }
///
/// Results are made on the device of the scope, and inputs have to lie there: a tensor goes from one device to another
/// only by `to(_:)`, or when its elements are read.
public struct Device: Sendable, Hashable {
  /// 0 for the processor, n + 1 for GPU n: what storages keep.
  package let number: Int

  package init(number: Int) { self.number = number }

  /// The processor and its memory.
  public static let cpu = Device(number: 0)

  /// The GPU of this number, from 0 on, that CUDA's driver finds. It need not exist: see ``isAvailable``.
  ///
  /// - Errors: traps when the number is negative.
  public static func cuda(_ index: Int) -> Device {
    precondition(index >= 0, "Device: expected a GPU of number 0 or more, got \(index)")
    return Device(number: index + 1)
  }

  /// CUDA's libraries on this machine.
  public static var cuda: CUDAPlatform { .shared }

  /// The devices that can be used: the processor, and the GPUs.
  public static var all: [Device] { [.cpu] + (0..<cuda.deviceCount).map { .cuda($0) } }

  /// The first GPU where one can be used, and the processor elsewhere.
  public static var `default`: Device { cuda.deviceCount > 0 ? .cuda(0) : .cpu }

  /// Whether the device can be used. ``CUDAPlatform/unavailability`` says why a GPU cannot.
  public var isAvailable: Bool { (try? opened()) != nil }

  /// The device's name, such as `NVIDIA H100`; nil when it cannot be used.
  public var name: String? {
    self == .cpu ? "processor" : (try? opened() as? CUDABackend)?.device.name
  }

  /// What the device's memory pool holds; nothing when it cannot be used.
  public var memory: MemoryUsage { pool?.usage ?? MemoryUsage() }

  /// The bytes that lie in files in place of memory, and do not count against ``memoryLimit``. See ``StateFile``.
  public var fileMemory: Int { self == .cpu ? MemoryFile.total.withLock { $0 } : 0 }

  /// The most bytes that the pool may hold, in use and cached. A result that does not fit is a ``DeviceError``.
  ///
  ///     Device.cpu.memoryLimit = 2_000_000_000
  ///
  /// It starts as what the machine had available when the first tensor was made; limits of a container count. Of a GPU
  /// it is what the driver had available. It is 0 for a device that cannot be used.
  public var memoryLimit: Int {
    get { pool?.limit ?? 0 }
    nonmutating set { pool?.limit = max(0, newValue) }
  }

  /// The instructions that the processor's kernels use, such as `avx2`: the best it has, unless `TRAININGKIT_ISA`
  /// names lower ones. Of a GPU, its compute capability, such as `sm_90`; empty when it cannot be used.
  public var instructionSet: String {
    if self == .cpu { return String(cString: tk_isa_name(tk_isa_level())) }
    return (try? opened() as? CUDABackend).map { "sm_\($0.device.capability)" } ?? ""
  }

  /// Whether large memory that the pool reserves from now on is asked to lie in huge pages, where the system has them.
  ///
  /// They make large tensors faster to reach. Small ones that few of a huge page's bytes are used for may hold more
  /// memory. It is true unless `TRAININGKIT_HUGE_PAGES` is 0; set it before the first tensor is made. GPUs have none.
  public var usesHugePages: Bool {
    get { tk_huge_pages() }
    nonmutating set { tk_set_huge_pages(newValue) }
  }

  /// Starts a new measurement of the peak from the bytes in use now.
  public func resetPeakMemory() { pool?.resetPeak() }

  /// Gives memory that no tensor uses back to the system.
  public func trimMemory() { try? opened().trim() }

  private var pool: MemoryPool? { try? opened().pool }

  /// The kernels of the device.
  ///
  /// - Errors: when it cannot be used.
  package func opened() throws(DeviceError) -> any Backend {
    if self == .cpu { return CPUBackend.shared }
    return try CUDAPlatform.shared.backend(number - 1)
  }

  /// The same for a device that holds tensors.
  package var backend: any Backend {
    do {
      return try opened()
    } catch {
      fatalError("\(error)")
    }
  }
}

extension Device: CustomStringConvertible {
  /// `cpu`, or `cuda:0` and so on.
  public var description: String { number == 0 ? "cpu" : "cuda:\(number - 1)" }

  /// Reads ``description``: `cpu`, `cuda` for the first GPU, `cuda:1` and so on; nil for anything else.
  public init?(_ description: String) {
    if description == "cpu" { self = .cpu; return }
    if description == "cuda" { self = .cuda(0); return }
    guard description.hasPrefix("cuda:"), let index = Int(description.dropFirst(5)), index >= 0
    else {
      return nil
    }
    self = .cuda(index)
  }
}

extension Tensor {
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
