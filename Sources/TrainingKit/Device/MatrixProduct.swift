internal import CTrainingKernels

/// A product of matrices and how it is cut into pieces.
struct MatrixProduct {
  private var gemm: tk_gemm
  let work: ScratchWork

  init(_ a: Tensor, _ b: Tensor, into c: Tensor) {
    var gemm = tk_gemm(a, b, c)
    work = ScratchWork(
      "matmul", pieces: Int(tk_gemm_block_count(&gemm)), work: c.count * a.shape[-1],
      size: tk_gemm_workspace(&gemm))
    self.gemm = gemm
  }

  /// Has the product be of matrices of the same shapes in other places.
  mutating func lie(
    at a: UnsafeMutableRawPointer?, _ b: UnsafeMutableRawPointer?, _ c: UnsafeMutableRawPointer?
  ) {
    (gemm.a, gemm.b, gemm.c) = (UnsafeRawPointer(a), UnsafeRawPointer(b), c)
  }

  /// Computes the product in a room for every thread.
  func run(in room: UnsafeMutableRawPointer) {
    work.run(in: room) { scratch, begin, end in
      withUnsafePointer(to: gemm) { tk_gemm_run($0, scratch, begin, end) }
    }
  }

  func run(in pool: MemoryPool) throws(DeviceFault) {
    try work.run(in: pool) { scratch, begin, end in
      withUnsafePointer(to: gemm) { tk_gemm_run($0, scratch, begin, end) }
    }
  }
}

extension tk_gemm {
  /// `a` is `[…, m, k]`, `b` `[…, k, n]` with the same leading axes, `c` contiguous; the leading axes of each
  /// nest into one stride.
  init(_ a: Tensor, _ b: Tensor, _ c: Tensor) {
    let rank = c.rank
    func stride(_ tensor: Tensor, _ axis: Int) -> Int64 { Int64(tensor.layout.strides[axis]) }
    let batch = c.shape.prefix(rank - 2).reduce(1, *)
    self.init(
      m: Int64(c.shape[-2]), n: Int64(c.shape[-1]), k: Int64(a.shape[-1]), batch: Int64(batch),
      a: UnsafeRawPointer(a.address), b: UnsafeRawPointer(b.address), c: c.address,
      input: a.dtype.kernel, output: c.dtype.kernel, a_row: stride(a, rank - 2),
      a_column: stride(a, rank - 1), a_batch: rank == 2 ? 0 : stride(a, rank - 3),
      b_row: stride(b, rank - 2), b_column: stride(b, rank - 1),
      b_batch: rank == 2 ? 0 : stride(b, rank - 3), c_row: Int64(c.shape[-1]),
      c_batch: Int64(c.shape[-1] * c.shape[-2]), alpha: 1, beta: 0,
      threads: Int64(Threads.count))
  }
}
