internal import CTrainingKernels

/// What one launch of attention makes, by the kernels' numbers.
private enum AttentionPass: Int {
  case means, records, queries, keys, values

  /// Whether rows of tiles are sources.
  var isTurned: Bool { self == .keys || self == .values }
  /// Whether products of the gradient with the values are needed.
  var hasSlopes: Bool { self == .records || self == .queries || self == .keys }
}

extension CUDABackend {
  package func attention(_ heads: AttentionProduct, into y: Tensor) throws(DeviceFault) {
    var arguments = tk_cuda_attention(heads.attention)
    arguments.vector = arguments.areVectors(of: y.dtype)
    try attend(.means, arguments, y.dtype, into: tk_heads(y, head: 2, row: 1))
  }

  package func attentionBackward(
    _ heads: AttentionProduct, gradient: Tensor, into results: [Tensor]
  ) throws(DeviceFault) {
    let gradients = tk_attention_gradients(gradient, results), dtype = gradient.dtype
    var arguments = tk_cuda_attention(heads.attention)
    arguments.gradient = tk_cuda_heads(gradients.result)
    arguments.vector =
      arguments.areVectors(of: dtype) && arguments.gradient.isVector(arguments.outputs, dtype)
    let count = Int(arguments.batch * arguments.heads * arguments.targets)
    let size = dtype == .float64 ? 8 : 4
    let records = try scratch(max(1, 3 * count * size), "attention")
    defer { withExtendedLifetime(records) {} }
    (arguments.greatest, arguments.inverse, arguments.mean) = (
      records.memory, records.memory + count * size, records.memory + 2 * count * size
    )
    try attend(.records, arguments, dtype, into: tk_heads())
    try attend(.queries, arguments, dtype, into: gradients.query)
    try attend(.keys, arguments, dtype, into: gradients.key)
    try attend(.values, arguments, dtype, into: gradients.value)
  }

  private func attend(
    _ pass: AttentionPass, _ arguments: tk_cuda_attention, _ dtype: DType, into result: tk_heads
  ) throws(DeviceFault) {
    var arguments = arguments
    arguments.result = tk_cuda_heads(result)
    let columns = pass == .queries || pass == .keys ? arguments.features : arguments.outputs
    let rows = pass.isTurned ? arguments.sources : arguments.targets
    let tiles = quotientUp(Int(rows), 64) * Int(arguments.batch * arguments.heads)
    guard tiles > 0, columns > 0 || pass == .records else { return }
    let isHalf = dtype == .float16 || dtype == .bfloat16
    let most = Int(max(arguments.features, arguments.outputs))
    if isHalf, most <= 256 {
      let width = most <= 64 ? 64 : most <= 128 ? 128 : 256
      try launch(
        CUDAKernel(
          .attentionTiles, "attend_tiles", .type(dtype), .number(width), .number(pass.rawValue)),
        Grid(blocks: tiles, threads: 128, shared: sharedBytes(width, pass)), arguments)
      return
    }
    let width = dtype == .float32 && columns > 64 && pass != .records ? 128 : 64
    let parts = pass == .records ? 1 : quotientUp(Int(columns), width)
    let shared = (4 * 16 * 68 + 64 * 68) * (dtype == .float64 ? 8 : 4)
    try launch(
      CUDAKernel(.attention, "attend", .type(dtype), .number(width), .number(pass.rawValue)),
      Grid(blocks: tiles * parts, threads: 256, shared: shared), arguments)
  }

  /// Rows of one or two matrices, and columns of two, once or twice, as `AttentionTiles` lays them out.
  private func sharedBytes(_ width: Int, _ pass: AttentionPass) -> Int {
    let row = (width + 8) * 2
    let side = (pass.hasSlopes ? 2 : 1) * 64 * row, stage = 2 * (width == 256 ? 32 : 64) * row
    return side + 2 * stage <= 96 << 10 ? side + 2 * stage : side + stage
  }
}

extension tk_cuda_attention {
  fileprivate init(_ attention: tk_attention) {
    self.init()
    (batch, heads, targets, sources) = (
      attention.batch, attention.heads, attention.targets, attention.sources
    )
    (features, outputs) = (attention.features, attention.outputs)
    (query, key, value) = (
      tk_cuda_heads(attention.query), tk_cuda_heads(attention.key), tk_cuda_heads(attention.value)
    )
    (mask, mask_step) = (tk_cuda_heads(attention.mask), attention.mask_step)
    (scale, causal) = (attention.scale, attention.causal)
  }

  fileprivate func areVectors(of dtype: DType) -> Bool {
    query.isVector(features, dtype) && key.isVector(features, dtype)
      && value.isVector(outputs, dtype)
  }
}

extension tk_cuda_heads {
  fileprivate init(_ heads: tk_heads) {
    self.init(data: heads.data, batch: heads.batch, head: heads.head, row: heads.row)
  }

  /// Whether chunks of 16 bytes may be read at once, in rows of so many columns.
  fileprivate func isVector(_ columns: Int64, _ dtype: DType) -> Bool {
    let length = Int64(16 / dtype.byteCount)
    return [columns, batch, head, row].allSatisfy { $0 % length == 0 }
      && Int(bitPattern: data) % 16 == 0
  }
}
