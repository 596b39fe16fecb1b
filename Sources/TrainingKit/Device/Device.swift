/// Where tensors live and operations run.
public enum Device: Sendable, Hashable {
  /// The processor and its memory.
  case cpu

  /// What the device's memory pool holds.
  public var memory: MemoryUsage { backend.pool.usage }

  /// Starts a new measurement of the peak from the bytes in use now.
  public func resetPeakMemory() { backend.pool.resetPeak() }

  /// Gives memory that no tensor uses back to the system.
  public func trimMemory() { backend.pool.trim() }

  package var backend: any Backend { CPUBackend.shared }
}

extension Tensor {
  /// Where the elements lie.
  public var device: Device { .cpu }
}

/// A circumstance of the machine that stops an operation.
public enum DeviceError: Error, Sendable, Hashable {
  /// The device has no memory left for a result.
  case outOfMemory(operation: String, requested: Int, live: Int)
}

extension DeviceError: CustomStringConvertible {
  /// What happened, with the figures.
  public var description: String {
    switch self {
    case .outOfMemory(let operation, let requested, let live):
      "\(operation): out of memory: expected \(requested) bytes, got none beside \(live) in use; "
        + "a smaller batch needs less"
    }
  }
}
