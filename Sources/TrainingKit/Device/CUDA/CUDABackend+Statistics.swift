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

  /// Two launches a dtype, and one wait for the device.
  package func measure(each tensors: [Tensor]) throws(DeviceFault) -> [ElementStatistics] {
    if tensors.isEmpty { return [] }
    let joined = try statistics(tensors.count)
    // Where the statistics of each tensor are: those of one dtype beside each other.
    var places: [Int] = []
    for dtype in Set(tensors.map(\.dtype)).sorted(by: { $0.description < $1.description }) {
      let own = tensors.indices.filter { tensors[$0].dtype == dtype }
      let target = joined.memory + places.count * MemoryLayout<tk_cuda_statistics>.stride
      try measure(own.map { tensors[$0] }, dtype, into: target)
      places += own
    }
    let found = try read(tensors.count, of: tk_cuda_statistics.self, from: joined)
    var result = tensors.map { _ in ElementStatistics() }
    for (place, found) in zip(places, found) { result[place] = ElementStatistics(found) }
    return result
  }

  private func measure(
    _ tensors: [Tensor], _ dtype: DType, into target: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let parts = tensors.map {
      tk_cuda_measured(
        x: $0.address, length: Int64($0.count),
        packed: UnsafeRawPointer($0.address).isAligned(to: 16))
    }
    let table = try CUDATable(
      of: parts, blocks: tensors.map { $0.count.pieces(of: Int(TK_CUDA_MEASURED)) },
      for: "measure", on: self)
    let found = try statistics(table.blocks)
    defer { withExtendedLifetime((table, found)) {} }
    let arguments = tk_cuda_measure_each(
      table: table.argument, found: found.memory.assumingMemoryBound(to: tk_cuda_statistics.self),
      joined: target.assumingMemoryBound(to: tk_cuda_statistics.self))
    try launch(
      CUDAKernel(.statistics, "measureEach", .type(dtype)),
      Grid(blocks: table.blocks, threads: 256), arguments)
    try launch(
      CUDAKernel(.statistics, "joinEach"), Grid(blocks: tensors.count, threads: 256), arguments)
  }

  private func measure(
    _ x: Tensor, parts: Int, power: Double, scale: Double, into target: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let piece = Int(TK_CUDA_MEASURED)
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
