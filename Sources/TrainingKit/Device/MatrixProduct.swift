internal import CTrainingKernels

/// How a product of matrices is cut into pieces, and what memory they need.
struct MatrixProduct {
  let gemm: tk_gemm
  let blocks, grain: Int
  /// The bytes that a thread packs matrices into.
  let workspaceSize: Int

  init(_ a: Tensor, _ b: Tensor, into c: Tensor) {
    var gemm = tk_gemm(a, b, c)
    blocks = Int(tk_gemm_block_count(&gemm))
    grain = max(1, (1 << 17) * blocks / max(1, c.count * a.shape[-1]))
    workspaceSize = (tk_gemm_workspace(&gemm) + 63) / 64 * 64
    self.gemm = gemm
  }

  /// Room for every thread, as any of them may take any piece. It depends on sizes and the number of threads alone.
  func workspace(from pool: MemoryPool) throws(NoRoom) -> Storage {
    let bytes = workspaceSize * (blocks > grain ? Threads.count : 1)
    let tag = MemoryTag("matmul", owner: .workspace, module: nil)
    guard let storage = pool.take(byteCount: bytes, tag) else { throw NoRoom(byteCount: bytes) }
    return storage
  }
}

/// A pool had no block of this size.
package struct NoRoom: Error, Hashable {
  package let byteCount: Int
}

extension tk_gemm {
  /// `a` is `[…, m, k]`, `b` `[…, k, n]` with the same leading axes, `c` contiguous; the leading axes of each
  /// nest into one stride.
  fileprivate init(_ a: Tensor, _ b: Tensor, _ c: Tensor) {
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
      c_batch: Int64(c.shape[-1] * c.shape[-2]), alpha: 1, beta: 0)
  }
}
