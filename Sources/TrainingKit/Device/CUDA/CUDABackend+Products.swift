internal import CTrainingKernels

extension CUDABackend {
  package func matmul(_ a: Tensor, _ b: Tensor, into c: Tensor) throws(DeviceFault) {
    try multiply(tk_gemm(a, b, c), a.dtype, into: c.dtype)
  }

  /// The product by cuBLASLt where that is open, and matrices lie as it reads them; else by kernels of this library,
  /// which also do what it has no algorithm for.
  func multiply(_ gemm: tk_gemm, _ dtype: DType, into result: DType) throws(DeviceFault) {
    guard gemm.m * gemm.n * gemm.batch > 0 else { return }
    if let products, CUDAProducts.canMultiply(gemm) {
      if isPaper { return }
      if try products.multiply(gemm) { return }
    }
    try multiplyHere(gemm, dtype, into: result)
  }

  private func multiplyHere(
    _ gemm: tk_gemm, _ dtype: DType, into result: DType
  ) throws(DeviceFault) {
    var arguments = tk_cuda_gemm(gemm, isWide: dtype != result)
    let isHalf = dtype == .float16 || dtype == .bfloat16
    (arguments.a_vector, arguments.b_vector) = gemm.vectors(of: dtype)
    // Copies to shared memory that go on meanwhile are of 16 bytes.
    let isLater = isHalf && arguments.a_vector && arguments.b_vector
    let tiles = ProductTiles(
      rows: Int(gemm.m), columns: Int(gemm.n), depth: Int(gemm.k), batch: Int(gemm.batch), dtype,
      canBeLarge: isLater || !isHalf, on: device)
    let count = Int(gemm.m * gemm.n * gemm.batch)
    (arguments.splits, arguments.share) = (Int64(tiles.splits), Int64(tiles.share))
    let bytes = tiles.partBytes(count, dtype)
    let parts = bytes > 0 ? try scratch(bytes, "matmul") : nil
    defer { withExtendedLifetime(parts) {} }
    arguments.parts = parts?.memory
    let blocks =
      quotientUp(Int(gemm.m), tiles.side) * quotientUp(Int(gemm.n), tiles.side) * Int(gemm.batch)
      * tiles.splits
    try launch(
      CUDAKernel(
        .gemm, "gemm", .type(dtype), .number(tiles.side), .flag(gemm.a_column == 1),
        .flag(gemm.b_row == 1), .flag(isLater)),
      Grid(blocks: blocks, threads: tiles.threads, shared: tiles.shared), arguments)
    if parts != nil {
      try launch(
        CUDAKernel(.gemm, "gemm_parts", .type(dtype), .type(result)), Grid(over: count), arguments)
    }
  }
}

extension tk_gemm {
  /// Whether chunks of 16 bytes of A and of B may be read at once.
  fileprivate func vectors(of dtype: DType) -> (Bool, Bool) {
    func isVector(_ data: UnsafeRawPointer?, _ near: Int64, _ far: Int64, _ batch: Int64) -> Bool {
      let length = Int64(16 / dtype.byteCount)
      return near == 1 && far % length == 0 && batch % length == 0
        && Int(bitPattern: data) % 16 == 0
    }
    return (
      a_column == 1 ? isVector(a, 1, a_row, a_batch) : isVector(a, a_row, a_column, a_batch),
      b_row == 1 ? isVector(b, 1, b_column, b_batch) : isVector(b, b_column, b_row, b_batch)
    )
  }
}

extension tk_cuda_gemm {
  fileprivate init(_ gemm: tk_gemm, isWide: Bool) {
    self.init()
    (m, n, k, batch) = (gemm.m, gemm.n, gemm.k, gemm.batch)
    (a, b, c) = (gemm.a, gemm.b, gemm.c)
    (a_row, a_column, a_batch) = (gemm.a_row, gemm.a_column, gemm.a_batch)
    (b_row, b_column, b_batch) = (gemm.b_row, gemm.b_column, gemm.b_batch)
    (c_row, c_batch) = (gemm.c_row, gemm.c_batch)
    (alpha, beta) = (gemm.alpha, gemm.beta)
    wide = isWide
  }
}
