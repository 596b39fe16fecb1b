/// What a device's memory pool holds, in bytes.
public struct MemoryUsage: Sendable, Hashable {
  /// Bytes in use by tensors: blocks of memory, which may be larger than what was asked for.
  public var live = 0
  /// Of the bytes in use, those that were asked for.
  public var requested = 0
  /// Bytes kept for the next tensors.
  public var cached = 0
  /// The most bytes that were in use at one time since the last reset.
  public var peak = 0
  /// How often a block was taken, new or kept.
  public var requests = 0
  /// How often memory was taken from the system.
  public var systemAllocations = 0
  /// The bytes in use by what they are used for.
  public var bill = MemoryBill()
  /// The same at the peak.
  public var peakBill = MemoryBill()

  /// The share of the pool's bytes that hold no element: cached, or the rest of blocks that are larger than needed.
  public var fragmentation: Double {
    let held = live + cached
    return held > 0 ? 1 - Double(requested) / Double(held) : 0
  }
}

extension MemoryUsage: CustomStringConvertible {
  /// `96.1 MB in use: weights 52.0 MB, optimizer 44.1 MB; 210 MB at the peak; 120 MB cached, fragmentation 2 %`.
  public var description: String {
    let owners = live > 0 ? ": \(bill)" : ""
    let share = Int((100 * fragmentation).rounded())
    return "\(ByteCount(live)) in use\(owners); \(ByteCount(peak)) at the peak; "
      + "\(ByteCount(cached)) cached, fragmentation \(share) %"
  }
}

/// A block of memory in use.
public struct MemoryHolding: Sendable, Hashable {
  /// The bytes of the block.
  public let byteCount: Int
  /// What it is used for.
  public let owner: MemoryOwner
  /// The operation that made it.
  public let operation: String
  /// The path of the module that was running, empty for the model itself; nil outside of modules.
  public let path: String?
}

extension MemoryHolding: CustomStringConvertible {
  /// `activations 33.6 MB of softmax in blocks.0.attention`.
  public var description: String {
    let place = path.map { $0.isEmpty ? "" : " in \($0)" } ?? ""
    return "\(owner) \(ByteCount(byteCount)) of \(operation)\(place)"
  }
}

/// What a block of memory is and who made it, as the pool notes it.
package struct MemoryTag: Sendable {
  var owner: MemoryOwner
  var operation: String
  var module: ObjectIdentifier?

  package init(_ operation: String, owner: MemoryOwner, module: ObjectIdentifier?) {
    (self.operation, self.owner, self.module) = (operation, owner, module)
  }
}

/// A block in use with its tag.
package struct TaggedBlock: Sendable {
  package let byteCount: Int
  package let tag: MemoryTag
  /// The number of requests up to its own.
  package let request: Int

  /// The block with its module's path.
  package func holding(_ paths: [ObjectIdentifier: String]) -> MemoryHolding {
    MemoryHolding(
      byteCount: byteCount, owner: tag.owner, operation: tag.operation,
      path: tag.module.flatMap { paths[$0] })
  }
}
