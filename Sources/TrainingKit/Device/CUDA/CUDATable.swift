internal import CTrainingKernels

/// What one launch is told of many tensors, in the device's memory. It may be let go of once the launch is in the
/// stream.
struct CUDATable {
  private let storage: Storage
  let argument: tk_cuda_table
  /// The blocks of all tensors.
  let blocks: Int

  /// - Parameters:
  ///   - tensors: what the kernel is told of each.
  ///   - blocks: how many blocks each is worked on by; one at least.
  init<Entry: BitwiseCopyable>(
    of tensors: [Entry], blocks: [Int], for operation: String, on backend: CUDABackend
  ) throws(DeviceFault) {
    var firstBlocks: [Int32] = [0]
    for count in blocks { firstBlocks.append(firstBlocks.last! + Int32(count)) }
    let byteCount = tensors.count * MemoryLayout<Entry>.stride
    let firstBytes = firstBlocks.count * MemoryLayout<Int32>.stride
    storage = try backend.scratch(byteCount + firstBytes, operation)
    let memory = storage.memory
    argument = tk_cuda_table(
      tensors: UnsafeRawPointer(memory),
      first_blocks: UnsafePointer((memory + byteCount).assumingMemoryBound(to: Int32.self)),
      count: Int32(tensors.count))
    self.blocks = Int(firstBlocks.last!)
    try backend.upload(byteCount + firstBytes, to: memory) { target in
      tensors.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: byteCount) }
      firstBlocks.withUnsafeBytes {
        (target + byteCount).copyMemory(from: $0.baseAddress!, byteCount: firstBytes)
      }
    }
  }
}
