package import CTrainingKernels

extension CUDABackend {
  package func reduce(
    _ row: tk_reduction, _ x: Tensor, axes: [Int], into y: Tensor
  ) throws(DeviceFault) {
    let layout = x.form.layout
    var (kept, reduced) = (JoinedAxes(), JoinedAxes())
    for axis in 0..<layout.shape.rank {
      let (extent, stride) = (layout.shape.lanes[axis], layout.strides[axis])
      if axes.contains(axis) {
        reduced.append(extent: extent, stride: stride)
      } else {
        kept.append(extent: extent, stride: stride)
      }
    }
    guard kept.count > 0 else { return }
    let fold = CUDAFold(row, x.address, x.dtype, kept: kept, reduced: reduced)
    try run(fold, into: y.address, y.dtype)
  }

  /// Folds the pieces, and then what they gave.
  private func run(
    _ fold: CUDAFold, into y: UnsafeMutableRawPointer, _ dtype: DType
  ) throws(DeviceFault) {
    guard fold.pieces > 1 else { return try launch(fold, into: y, dtype) }
    let given = fold.finds ? DType.int64 : fold.dtype.accumulated
    let results = fold.kept.count
    let name = String(cString: tk_reduction_name(fold.row))
    let parts = try scratch(fold.pieces * results * given.byteCount, name)
    defer { withExtendedLifetime(parts) {} }
    try launch(fold, into: parts.memory, given)
    if fold.finds { return try join(fold, parts.memory, into: y) }
    let rest = CUDAFold(
      fold.row, parts.memory, given, kept: JoinedAxes(extent: results, stride: 1),
      reduced: JoinedAxes(extent: fold.pieces, stride: results))
    try run(rest, into: y, dtype)
  }

  private func launch(
    _ fold: CUDAFold, into y: UnsafeMutableRawPointer, _ dtype: DType
  ) throws(DeviceFault) {
    var arguments = fold.arguments
    (arguments.y, arguments.dtype) = (y, dtype.rawValue)
    let kernel = CUDAKernel(
      .reduction, fold.isAcross ? "foldColumns" : "foldRows", .word(tk_reduction_word(fold.row)),
      .type(fold.dtype), .number(fold.pack))
    try launch(kernel, fold.grid, arguments)
  }

  /// The best of the places that pieces have found.
  private func join(
    _ fold: CUDAFold, _ places: UnsafeMutableRawPointer, into y: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let width = fold.pieces > 256 ? 256 : min(32, fold.pieces.nextPowerOfTwo)
    var arguments = fold.arguments
    arguments.places = UnsafePointer(places.assumingMemoryBound(to: Int64.self))
    (arguments.y, arguments.width) = (y, Int32(width))
    (arguments.kept, arguments.reduced) = (fold.kept.kernel(), fold.reduced.kernel())
    arguments.results = Int64(fold.kept.count)
    let kernel = CUDAKernel(
      .reduction, "joinFound", .word(tk_reduction_word(fold.row)), .type(fold.dtype))
    try launch(kernel, Grid(threadsFor: fold.kept.count * width), arguments)
  }

  package func cumulativeSum(_ x: Tensor, into y: Tensor) throws(DeviceFault) {
    guard y.count > 0 else { return }
    let width = y.rank == 0 ? 1 : y.shape[-1]
    try scan(x.address, x.dtype, rows: y.count / width, width: width, into: y.address)
  }

  /// Long rows are cut into pieces, whose sums are summed up first.
  private func scan(
    _ x: UnsafeRawPointer, _ dtype: DType, rows: Int, width: Int,
    into y: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let piece = width <= 8192 ? width : 4096
    let pieces = width.pieces(of: piece)
    var arguments = tk_cuda_scan(
      x: x, y: y, before: nil, width: Int64(width), piece: Int64(piece), pieces: Int64(pieces))
    let grid = Grid(blocks: rows * pieces, threads: 256)
    let result = dtype.isFloatingPoint ? dtype : .int64
    let kernel = CUDAKernel(.scan, "scan", .type(dtype), .type(result))
    guard pieces > 1 else { return try launch(kernel, grid, arguments) }
    let sums = try scratch(rows * pieces * 8, "cumulativeSum")
    let before = try scratch(rows * pieces * 8, "cumulativeSum")
    defer { withExtendedLifetime((sums, before)) {} }
    arguments.y = sums.memory
    try launch(CUDAKernel(.scan, "pieceSums", .type(dtype)), grid, arguments)
    let added = dtype.isFloatingPoint ? DType.float64 : .int64
    try scan(sums.memory, added, rows: rows, width: pieces, into: before.memory)
    (arguments.y, arguments.before) = (y, UnsafeRawPointer(before.memory))
    try launch(kernel, grid, arguments)
  }
}
