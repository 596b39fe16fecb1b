internal import CTrainingKernels

/// Attention of heads and how it is cut into pieces. Queries, keys and values are `[batch, heads, rows, columns]` with
/// contiguous rows, the mask is bool with any strides.
package struct AttentionProduct {
  let query, key, value: Tensor
  let mask: Tensor?
  let attention: tk_attention

  package init(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor?, isCausal: Bool, scale: Double
  ) {
    (self.query, self.key, self.value, self.mask) = (query, key, value, mask)
    attention = tk_attention(
      batch: Int64(query.shape[0]), heads: Int64(query.shape[1]), targets: Int64(query.shape[2]),
      sources: Int64(key.shape[2]), features: Int64(query.shape[3]),
      outputs: Int64(value.shape[3]), dtype: query.dtype.kernel,
      query: tk_heads(query, head: 1, row: 2), key: tk_heads(key, head: 1, row: 2),
      value: tk_heads(value, head: 1, row: 2),
      mask: mask.map { tk_heads($0, head: 1, row: 2) } ?? tk_heads(),
      mask_step: mask.map { Int64($0.layout.strides[3]) } ?? 0, scale: scale, causal: isCausal)
  }

  /// Multiplications with additions, of which a causal order saves about half.
  var productCount: Int {
    let all =
      attention.batch * attention.heads * attention.targets * attention.sources
      * (attention.features + attention.outputs)
    return Int(attention.causal ? all / 2 : all)
  }

  var work: ScratchWork {
    withUnsafePointer(to: attention) {
      ScratchWork(
        "attention", pieces: Int(tk_attention_unit_count($0)), work: productCount,
        size: tk_attention_workspace($0))
    }
  }

  /// Computes `y`, of `[batch, targets, heads, outputs]`.
  func run(in pool: MemoryPool, into y: Tensor) throws(DeviceFault) {
    let result = tk_heads(y, head: 2, row: 1)
    try work.run(in: pool) { scratch, begin, end in
      withUnsafePointer(to: attention) { attention in
        withUnsafePointer(to: result) { tk_attention_run(attention, $0, scratch, begin, end) }
      }
    }
  }

  func backwardWork(gradient: Tensor, into results: [Tensor]) -> ScratchWork {
    backwardWork(tk_attention_gradients(gradient, results))
  }

  private func backwardWork(_ gradients: tk_attention_gradients) -> ScratchWork {
    withUnsafePointer(to: attention) { attention in
      withUnsafePointer(to: gradients) { gradients in
        ScratchWork(
          "attention", pieces: Int(tk_attention_gradient_unit_count(attention)),
          work: productCount * 5 / 2, size: tk_attention_gradient_workspace(attention, gradients))
      }
    }
  }

  /// Computes the gradients of queries, keys and values, each `[batch, rows, heads, columns]`.
  func runBackward(
    in pool: MemoryPool, gradient: Tensor, into results: [Tensor]
  ) throws(DeviceFault) {
    let gradients = tk_attention_gradients(gradient, results)
    try backwardWork(gradients).run(in: pool) { scratch, begin, end in
      withUnsafePointer(to: attention) { attention in
        withUnsafePointer(to: gradients) {
          tk_attention_gradient_run(attention, $0, scratch, begin, end)
        }
      }
    }
  }
}

extension tk_attention_gradients {
  init(_ gradient: Tensor, _ results: [Tensor]) {
    self.init(
      result: tk_heads(gradient, head: 1, row: 2), query: tk_heads(results[0], head: 2, row: 1),
      key: tk_heads(results[1], head: 2, row: 1), value: tk_heads(results[2], head: 2, row: 1))
  }
}

extension tk_heads {
  /// The matrices of a tensor whose first axis is the batch.
  init(_ tensor: Tensor, head: Int, row: Int) {
    let strides = tensor.layout.strides
    self.init(
      data: tensor.address, batch: Int64(strides[0]), head: Int64(strides[head]),
      row: Int64(strides[row]))
  }
}
