/// A circumstance of the machine that stops an operation.
public enum DeviceError: Error, Sendable, Hashable {
  /// The device has no memory left for a result.
  case outOfMemory(OutOfMemory)
  /// A file that takes the place of memory cannot grow: the disk is full.
  ///
  /// - Parameters:
  ///   - requested: the bytes that the result needs.
  ///   - inUse: those that lie in the file already.
  case outOfSpace(operation: String, folder: String, requested: Int, inUse: Int)
  /// A folder takes no file that could take the place of memory.
  case noFile(folder: String, reason: String)
  /// A device cannot be used here.
  case unavailable(Device, reason: String)
  /// The device's driver or compiler did not do what an operation asked for.
  ///
  /// - Parameters:
  ///   - call: the function that failed.
  ///   - words: how the device puts it.
  ///   - isLost: whether nothing on the device can be used any more by this process.
  case failed(operation: String, device: Device, call: String, words: String, isLost: Bool)
}

extension DeviceError: CustomStringConvertible {
  /// What happened, with the figures.
  public var description: String {
    switch self {
    case .outOfMemory(let circumstance): circumstance.description
    case .outOfSpace(let operation, let folder, let requested, let inUse):
      "\(operation): out of memory in a file: expected room for \(ByteCount(requested)) in \(folder), got none "
        + "beside the \(ByteCount(inUse)) in use; another folder may have it"
    case .noFile(let folder, let reason):
      "memory in a file: expected a folder that takes one, got \(folder): \(reason)"
    case .unavailable(let device, let reason): "\(device): \(reason)"
    case .failed(let operation, let device, let call, let words, let isLost):
      "\(operation): \(device): expected \(call) to succeed, got \(words)"
        + (isLost ? "; the device is lost: start the process again from its last checkpoint" : "")
    }
  }
}

/// What a device's memory was full of when an operation found no room.
public struct OutOfMemory: Sendable, Hashable {
  /// The operation.
  public let operation: String
  /// The path of the module that was running, empty for the model itself; nil outside of modules.
  public let path: String?
  /// The bytes of the block that the result needs.
  public let requested: Int
  /// The most bytes that the pool may hold.
  public let limit: Int
  /// What the pool held, after it had given back its cache.
  public let usage: MemoryUsage
  /// What the memory was in use for, the largest first. Blocks of one owner, operation and module are one.
  public let holders: [MemoryHolding]
  /// What would have made room, each of them alone; empty where that is not known.
  public package(set) var remedies: [MemoryRemedy] = []
  /// What has been kept from step to step, the most first; empty where that is not known.
  public package(set) var growth: [MemoryGrowth] = []

  /// Whether the limit was met, and not the system's end.
  package var isAtLimit: Bool { usage.live > limit - requested }

  package init(
    operation: String, path: String?, requested: Int, limit: Int, usage: MemoryUsage,
    live: [MemoryHolding]
  ) {
    (self.operation, self.path, self.requested) = (operation, path, requested)
    (self.limit, self.usage, holders) = (limit, usage, live.merged())
  }
}

extension OutOfMemory: CustomStringConvertible {
  /// One line: where, how much, who has the memory, and what would help.
  public var description: String {
    let place = path.map { $0.isEmpty ? "" : "\($0): " } ?? ""
    let room = limit == .max ? "" : " within a limit of \(ByteCount(limit))"
    return "\(place)\(operation): out of memory: expected \(ByteCount(requested))\(room), got "
      + "\(ByteCount(usage.live)) in use" + bill + advice
  }

  private var bill: String {
    let most = holders.prefix(3).map(\.description).joined(separator: ", ")
    return usage.live == 0 ? "" : ": \(usage.bill); most of it \(most)"
  }

  private var advice: String {
    if let leak { return leak }
    return remedies.isEmpty
      ? "; a smaller batch needs less"
      : "; what fits: " + remedies.map(\.description).joined(separator: ", or ")
  }

  /// What has to be kept no longer, where that alone would have made room.
  private var leak: String? {
    let byteCount = growth.reduce(0) { $0 + $1.holding.byteCount }
    guard let most = growth.first, byteCount >= requested else { return nil }
    return
      "; \(ByteCount(byteCount)) of it are results kept from step to step, most of it \(most): "
      + "keep a loss's item() or detached() instead of the tensor with its tape"
  }
}

extension [MemoryHolding] {
  /// One holding for each owner, operation and module, the largest first.
  package func merged() -> [MemoryHolding] {
    var sums: [MemoryHolding: Int] = [:]
    for holding in self { sums[holding.of(byteCount: 0), default: 0] += holding.byteCount }
    return sums.map { $0.key.of(byteCount: $0.value) }.sorted {
      ($1.byteCount, $0.description) < ($0.byteCount, $1.description)
    }
  }
}

extension MemoryHolding {
  package func of(byteCount: Int) -> MemoryHolding {
    MemoryHolding(byteCount: byteCount, owner: owner, operation: operation, path: path)
  }
}
