internal import CTrainingKernels

extension CUDABackend {
  package func gather(
    _ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor
  ) throws(DeviceFault) {
    guard y.count > 0 else { return }
    var arguments = tk_cuda_gather(index, x.address, y.address, axis: x.shape[axis])
    let rowBytes = index.inner * x.dtype.byteCount
    let isWide =
      index.innerStride == 0 && rowBytes % 16 == 0 && Self.areAligned(x.address, y.address)
    if isWide { arguments.inner = Int64(rowBytes / 16) }
    let units = Int(arguments.outer * arguments.count * arguments.inner)
    let kernel = CUDAKernel(
      .gather, "gather", .type(isWide ? .int64 : x.dtype.carrier), .number(isWide ? 2 : 1))
    try launch(kernel, Grid(threadsFor: units), arguments)
  }

  package func scatterAdd(
    _ x: Tensor, axis: Int, _ index: IndexView, into y: Tensor
  ) throws(DeviceFault) {
    guard x.count > 0 else { return }
    if index.isOneList, index.count > 32 { return try scatterSorted(x, axis, index, into: y) }
    let columns = index.outer * index.inner
    let arguments = tk_cuda_gather(index, x.address, y.address, axis: y.shape[axis])
    let isNarrow = index.inner < 32 && index.count >= 32
    let kernel = CUDAKernel(
      .gather, isNarrow ? "scatterWarps" : "scatterColumns", .type(x.dtype))
    try launch(kernel, Grid(threadsFor: isNarrow ? columns * 32 : columns), arguments)
  }

  /// One list of indices for all columns: rows that meet are added in order once the list is sorted, in pieces of it.
  private func scatterSorted(
    _ x: Tensor, _ axis: Int, _ index: IndexView, into y: Tensor
  ) throws(DeviceFault) {
    let columns = index.outer * index.inner
    let pieces = index.count.pieces(of: 32)
    let partBytes = pieces * columns * x.dtype.accumulated.byteCount
    let order = try scratch(index.count * 8, "scatterAdd")
    let heads = try scratch(partBytes, "scatterAdd"), tails = try scratch(partBytes, "scatterAdd")
    defer { withExtendedLifetime((order, heads, tails)) {} }
    try sort(index.indices.address, .int64, rows: 1, width: index.count, into: order.memory)
    let arguments = tk_cuda_scatter(
      x: x.address, y: y.address,
      index: UnsafePointer(index.indices.address.assumingMemoryBound(to: Int64.self)),
      order: UnsafePointer(order.memory.assumingMemoryBound(to: Int64.self)),
      heads: heads.memory, tails: tails.memory, outer: Int64(index.outer),
      count: Int64(index.count), inner: Int64(index.inner), axis: Int64(y.shape[axis]))
    let isWide = index.inner % x.dtype.pack == 0 && Self.areAligned(x.address, y.address)
    let pack = isWide ? x.dtype.pack : 1
    try launch(
      CUDAKernel(.gather, "scatterPieces", .type(x.dtype), .number(pack)),
      Grid(threadsFor: pieces * columns / pack), arguments)
    try launch(
      CUDAKernel(.gather, "joinPieces", .type(x.dtype)), Grid(threadsFor: pieces * columns),
      arguments)
  }

  private static func areAligned(
    _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer
  ) -> Bool {
    UnsafeRawPointer(x).isAligned(to: 16) && UnsafeRawPointer(y).isAligned(to: 16)
  }

  /// The position of the first index outside of `0 ..< limit`, or nil. Waits for the device.
  package func firstOutside(_ index: IndexView, limit: Int) throws(DeviceFault) -> Int? {
    let outer = index.outerStride == 0 ? min(1, index.outer) : index.outer
    let inner = index.innerStride == 0 ? min(1, index.inner) : index.inner
    let points = outer * index.count * inner
    guard points > 0 else { return nil }
    let blocks = min(1024, points.pieces(of: 1024))
    let found = try scratch(blocks * 8, "index")
    defer { withExtendedLifetime(found) {} }
    let arguments = tk_cuda_index_check(
      index: UnsafePointer(index.indices.address.assumingMemoryBound(to: Int64.self)),
      found: found.memory.assumingMemoryBound(to: Int64.self),
      outer_stride: Int64(index.outerStride), axis_stride: Int64(index.axisStride),
      inner_stride: Int64(index.innerStride), count: Int64(index.count),
      inner: Int64(index.inner), points: Int64(points), inner_points: Int64(inner),
      limit: Int64(limit))
    try launch(
      CUDAKernel(.gather, "firstOutside"), Grid(blocks: blocks, threads: 256), arguments)
    let first = try read(blocks, of: Int64.self, from: found).filter { $0 > 0 }.min()
    return first.map { Int($0) - 1 }
  }
}

extension IndexView {
  /// Whether the same indices, one beside the other, are for all columns.
  fileprivate var isOneList: Bool {
    (outer == 1 || outerStride == 0) && (inner == 1 || innerStride == 0) && axisStride == 1
  }
}

extension tk_cuda_gather {
  fileprivate init(
    _ index: IndexView, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer, axis: Int
  ) {
    self.init(
      x: x, y: y, index: UnsafePointer(index.indices.address.assumingMemoryBound(to: Int64.self)),
      outer_stride: Int64(index.outerStride), axis_stride: Int64(index.axisStride),
      inner_stride: Int64(index.innerStride), outer: Int64(index.outer),
      count: Int64(index.count), inner: Int64(index.inner), axis: Int64(axis))
  }
}
