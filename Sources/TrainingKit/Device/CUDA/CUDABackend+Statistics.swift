internal import CTrainingKernels

extension CUDABackend {
  /// Waits for the device.
  package func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double
  ) throws(DeviceFault) -> [ElementStatistics] {
    let joined = try statistics(parts)
    try measure(x, parts: parts, power: power, scale: scale, into: joined.memory)
    return try read(parts, of: tk_cuda_statistics.self, from: joined).map(ElementStatistics.init)
  }

  /// Waits for the device once.
  package func measure(each tensors: [Tensor]) throws(DeviceFault) -> [ElementStatistics] {
    if tensors.isEmpty { return [] }
    let joined = try statistics(tensors.count)
    for (place, x) in tensors.enumerated() {
      let target = joined.memory + place * MemoryLayout<tk_cuda_statistics>.stride
      try measure(x, parts: 1, power: 2, scale: 1, into: target)
    }
    return try read(tensors.count, of: tk_cuda_statistics.self, from: joined)
      .map(ElementStatistics.init)
  }

  private func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double, into target: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let piece = 1 << 14
    let length = x.count / parts
    let pieces = length.pieces(of: piece)
    let found = try statistics(parts * pieces)
    defer { withExtendedLifetime(found) {} }
    var arguments = tk_cuda_measure()
    arguments.x = UnsafeRawPointer(x.address)
    arguments.found = found.memory.assumingMemoryBound(to: tk_cuda_statistics.self)
    arguments.length = Int64(length)
    (arguments.piece, arguments.pieces) = (Int64(piece), Int64(pieces))
    (arguments.power, arguments.scale) = (power, scale)
    arguments.packed =
      UnsafeRawPointer(x.address).isAligned(to: 16) && length % x.dtype.pack == 0
    let plain = [1, 2, 3].contains(power) ? Int(power) : 0
    try launch(
      CUDAKernel(.statistics, "measure", .type(x.dtype), .number(plain)),
      Grid(blocks: parts * pieces, threads: 256), arguments)
    let join = tk_cuda_join(
      found: UnsafePointer(arguments.found),
      joined: target.assumingMemoryBound(to: tk_cuda_statistics.self), pieces: Int64(pieces))
    try launch(
      CUDAKernel(.statistics, "joinStatistics"), Grid(blocks: parts, threads: 256), join)
  }

  private func statistics(_ count: Int) throws(DeviceFault) -> Storage {
    try scratch(count * MemoryLayout<tk_cuda_statistics>.stride, "measure")
  }

  /// The first elements of what kernels have left, once they are done.
  func read<Element: BitwiseCopyable>(
    _ count: Int, of type: Element.Type, from storage: Storage
  ) throws(DeviceFault) -> [Element] {
    let elements = UnsafeMutablePointer<Element>.allocate(capacity: count)
    defer { elements.deallocate() }
    try read(count * MemoryLayout<Element>.stride, from: storage.memory, to: elements)
    return Array(UnsafeBufferPointer(start: elements, count: count))
  }
}

extension ElementStatistics {
  fileprivate init(_ found: tk_cuda_statistics) {
    self.init(
      powerSum: found.power_sum, largest: found.largest, nonFiniteCount: Int(found.non_finite),
      zeroCount: Int(found.zeros))
  }
}
