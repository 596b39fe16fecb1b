package import CTrainingKernels

/// Rows of the tables. Where all operands are of the dtype that is computed, or a half of it, a thread takes a pack of
/// 16 bytes; kernels of any other mix read dtypes at run time.
extension CUDABackend {
  package func unary(
    _ row: tk_unary, compute: tk_compute, _ parameters: [Double], _ x: Tensor, into y: Tensor
  ) throws(DeviceFault) {
    let name = CUDAKernel.Word.word(tk_unary_describe(row).kernel)
    let kernel: PointwiseKernel =
      isPlain(y.dtype, compute, [x])
      ? .packs("unary", y.dtype, name) : .mixed("unary_mixed", compute, name)
    try launch(kernel, PointwiseArguments(y, x), operands: 2, parameters)
  }

  package func unaryDerivative(
    _ row: tk_unary, order: Int, _ parameters: [Double], gradient: Tensor, x: Tensor, y: Tensor,
    into result: Tensor
  ) throws(DeviceFault) {
    let (name, dtype) = (CUDAKernel.Word.word(tk_unary_describe(row).kernel), result.dtype)
    let read = [gradient, x, y].filter { !$0.isHollow }
    let kernel: PointwiseKernel =
      isPlain(dtype, dtype.compute, read)
      ? .packs("unary_derivative", dtype, name, .number(order))
      : .mixed("unary_derivative_mixed", dtype.compute, name, .number(order))
    try launch(kernel, PointwiseArguments(result, gradient, x, y), operands: 4, parameters)
  }

  package func binary(
    _ row: tk_binary, compute: tk_compute, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) throws(DeviceFault) {
    let description = tk_binary_describe(row)
    let name = CUDAKernel.Word.word(description.kernel)
    let kernel: PointwiseKernel =
      if description.comparison, y.dtype == .bool, isPlain(a.dtype, compute, [b]) {
        .packs("compare", a.dtype, name)
      } else if !description.comparison, isPlain(y.dtype, compute, [a, b]) {
        .packs("binary", y.dtype, name)
      } else {
        .mixed("binary_mixed", compute, name)
      }
    try launch(kernel, PointwiseArguments(y, a, b), operands: 3)
  }

  package func select(
    _ condition: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor
  ) throws(DeviceFault) {
    let compute = y.dtype.compute
    let kernel: PointwiseKernel =
      condition.dtype == .bool && isPlain(y.dtype, compute, [a, b])
      ? .packs("select", y.dtype) : .mixed("select_mixed", compute)
    try launch(kernel, PointwiseArguments(y, condition, a, b), operands: 4)
  }

  private func isPlain(_ dtype: DType, _ compute: tk_compute, _ operands: [Tensor]) -> Bool {
    dtype.isFloatingPoint && dtype.compute == compute && operands.allSatisfy { $0.dtype == dtype }
  }

  private func launch(
    _ kernel: PointwiseKernel, _ work: PointwiseArguments, operands: Int,
    _ parameters: [Double] = []
  ) throws(DeviceFault) {
    var arguments = tk_cuda_pointwise()
    if parameters.count > 1 { arguments.parameters = (parameters[0], parameters[1]) }
    try forEachPiece(of: work, operands: operands, width: kernel.width) {
      grid, walk throws(DeviceFault) in
      arguments.walk = walk
      try launch(kernel.kernel, grid, arguments)
    }
  }

  /// Walks a space in pieces that a launch can count.
  func forEachPiece(
    of work: PointwiseArguments, operands: Int, width: Int,
    _ body: (Grid, tk_cuda_walk) throws(DeviceFault) -> Void
  ) throws(DeviceFault) {
    var walk = tk_cuda_walk()
    var (piece, pieces): (Int64, Int64) = (0, 0)
    repeat {
      work.withOperands { space, list in
        pieces = tk_cuda_piece(space, list, Int32(operands), Int32(width), 1 << 30, piece, &walk)
      }
      guard pieces > 0 else { return }
      try body(Grid(elements: Int(walk.threads)), walk)
      piece += 1
    } while piece < pieces
  }
}

extension Grid {
  /// A thread for each, or for each `width` of them.
  init(elements: Int, width: Int = 1) {
    let threads = Int(TK_CUDA_THREADS)
    self.init(blocks: (elements + threads * width - 1) / (threads * width), threads: threads)
  }
}

/// A kernel, and how many points a thread of it takes.
private struct PointwiseKernel {
  let kernel: CUDAKernel
  let width: Int

  static func packs(
    _ name: StaticString, _ dtype: DType, _ row: CUDAKernel.Word? = nil,
    _ order: CUDAKernel.Word? = nil
  ) -> PointwiseKernel {
    PointwiseKernel(
      kernel: CUDAKernel(.pointwise, name, row, order, .type(dtype)), width: 16 / dtype.byteCount)
  }

  static func mixed(
    _ name: StaticString, _ compute: tk_compute, _ row: CUDAKernel.Word? = nil,
    _ order: CUDAKernel.Word? = nil
  ) -> PointwiseKernel {
    PointwiseKernel(
      kernel: CUDAKernel(.pointwise, name, row, order, .type(compute.dtype)), width: 4)
  }
}

extension tk_compute {
  /// What is computed in, as elements.
  var dtype: DType {
    switch self {
    case tk_real32: .float32
    case tk_real64: .float64
    default: .int64
    }
  }
}
