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

  package func check(_ indices: Tensor, _ rule: IndexRule) throws(DeviceFault) -> TensorError? {
    guard let strays, indices.count > 0 else { return nil }
    let list = UnsafePointer(indices.address.assumingMemoryBound(to: Int64.self))
    try strays.check(rule) { stray throws(DeviceFault) in
      let arguments = tk_cuda_index_check(
        index: list, stray: stray, count: Int64(indices.count), limit: Int64(rule.limit),
        ignored: Int64(rule.ignored ?? 0), ignores: rule.ignored != nil)
      try launch(CUDAKernel(.gather, "checkIndices"), Grid(blocks: 1, threads: 1024), arguments)
    }
    return nil
  }

  package var computesAside: Bool { true }
  package func settle() throws(DeviceFault) { try strays?.settle() }
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
