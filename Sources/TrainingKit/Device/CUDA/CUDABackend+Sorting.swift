internal import CTrainingKernels

extension CUDABackend {
  package func argsort(_ x: Tensor, descending: Bool, into order: Tensor) throws(DeviceFault) {
    guard order.count > 0 else { return }
    let width = order.rank == 0 ? 1 : order.shape[-1]
    try sort(
      x.address, x.dtype, rows: order.count / width, width: width, descending: descending,
      into: order.address)
  }

  /// Writes the stable order of each row.
  func sort(
    _ x: UnsafeRawPointer, _ dtype: DType, rows: Int, width: Int, descending: Bool = false,
    into order: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let tile = 2048
    let tiles = width.pieces(of: tile)
    let order = order.assumingMemoryBound(to: Int64.self)
    var arguments = tk_cuda_sort()
    (arguments.x, arguments.order) = (x, order)
    (arguments.width, arguments.rows, arguments.tiles) = (Int64(width), Int64(rows), Int64(tiles))
    arguments.descending = descending
    guard width > 64 else {
      let kernel = CUDAKernel(.sort, "sortNarrow", .type(dtype))
      return try launch(kernel, Grid(threadsFor: rows * width), arguments)
    }
    let first = CUDAKernel(.sort, "sortTiles", .type(dtype))
    guard tiles > 1 else {
      let threads = max(32, width.pieces(of: 8).nextPowerOfTwo)
      return try launch(first, Grid(blocks: rows, threads: threads), arguments)
    }
    let grid = Grid(blocks: rows * tiles, threads: 256)
    // A key and an index: 32 bits each, or 64.
    let isLong = dtype.byteCount == 8
    let words = try scratch(rows * width * (isLong ? 16 : 8), "argsort")
    let others = try scratch(rows * width * (isLong ? 16 : 8), "argsort")
    defer { withExtendedLifetime((words, others)) {} }
    var (source, target) = (words.memory, others.memory)
    (arguments.order, arguments.merged) = (nil, source)
    try launch(first, grid, arguments)
    let merge = CUDAKernel(.sort, "mergeRuns", .type(isLong ? .int64 : .int32))
    var run = tile
    while run < width {
      (arguments.words, arguments.merged) = (UnsafeRawPointer(source), target)
      (arguments.run, arguments.order) = (Int64(run), 2 * run >= width ? order : nil)
      try launch(merge, grid, arguments)
      (source, target, run) = (target, source, 2 * run)
    }
  }
}
