internal import CTrainingKernels

extension CUDABackend {
  package func copy(_ x: Tensor, into y: Tensor) throws(DeviceFault) {
    let work = PointwiseArguments(y, x)
    if x.dtype == y.dtype, try turn(work, y.dtype) { return }
    let (kernel, width) = copyKernel(x.dtype, y.dtype)
    try forEachPiece(of: work, operands: 2, width: width) { grid, walk throws(DeviceFault) in
      try launch(kernel, grid, tk_cuda_copy(walk: walk))
    }
  }

  package func fill(_ value: some TensorScalar, into y: Tensor) throws(DeviceFault) {
    let (real, integer) = (value.double, value.integer)
    let kernel = CUDAKernel(.copy, "fill", .type(y.dtype))
    try forEachPiece(of: PointwiseArguments(y), operands: 1, width: 16 / y.dtype.byteCount) {
      grid, walk throws(DeviceFault) in
      try launch(kernel, grid, tk_cuda_fill(walk: walk, real: real, integer: integer))
    }
  }

  package func range(start: Double, step: Double, into y: Tensor) throws(DeviceFault) {
    guard y.count > 0 else { return }
    let arguments = tk_cuda_range(y: y.address, count: Int64(y.count), start: start, step: step)
    try launch(CUDAKernel(.copy, "range", .type(y.dtype)), Grid(elements: y.count), arguments)
  }

  /// Copies by tiles where that is better. Returns whether it did.
  private func turn(_ work: PointwiseArguments, _ dtype: DType) throws(DeviceFault) -> Bool {
    let side = dtype.byteCount < 4 ? 64 : 32
    var (tiles, turns) = (tk_cuda_tiles(), false)
    work.withOperands { turns = tk_cuda_tile($0, $1, Int32(side), &tiles) }
    guard turns else { return false }
    let kernel = CUDAKernel(.copy, "transpose", .type(dtype.carrier), .number(side))
    try launch(kernel, Grid(blocks: Int(tiles.tiles), threads: Int(TK_CUDA_THREADS)), tiles)
    return true
  }

  /// The kernel of a copy, and how many elements a thread takes.
  private func copyKernel(_ from: DType, _ to: DType) -> (CUDAKernel, width: Int) {
    if from == to { return (CUDAKernel(.copy, "copy", .type(to.carrier)), 16 / to.byteCount) }
    if from.isFloatingPoint, to.isFloatingPoint, from != .float64, to != .float64 {
      return (CUDAKernel(.copy, "convert", .type(from), .type(to)), 8)
    }
    return (CUDAKernel(.copy, "convert_mixed", .type(from.compute.dtype)), 4)
  }
}
