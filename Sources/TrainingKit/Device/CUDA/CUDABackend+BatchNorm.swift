internal import CTrainingKernels

extension CUDABackend {
  package func batchNorm(
    _ x: Tensor, epsilon: Double, weight: Tensor?, bias: Tensor?, into y: Tensor,
    _ statistics: ChannelStatistics
  ) throws(DeviceFault) {
    guard x.count > 0 else { return }
    let cut = ChannelCut(x, [x, y])
    let parts = try scratch(24 * cut.parts, "batchNorm")
    defer { withExtendedLifetime(parts) {} }
    var arguments = tk_cuda_batch_norm(cut, x, statistics, weight: weight)
    arguments.bias = UnsafeRawPointer(bias?.address)
    arguments.variances = statistics.variance.address
    (arguments.y, arguments.parts, arguments.epsilon) = (y.address, parts.memory, epsilon)
    let wide = statistics.mean.dtype
    try launch(
      cut.kernel("batchNormMoments", "batchNormColumnMoments", x.dtype), cut.grid, arguments)
    try launch(
      CUDAKernel(.batchNorm, "batchNormStatistics", .type(wide)), cut.gridOfWarps, arguments)
    try launch(cut.kernel("batchNorm", "batchNormOfColumns", x.dtype), cut.grid, arguments)
  }

  package func batchNormBackward(
    _ gradient: Tensor, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?,
    into result: Tensor?,
    _ toWeight: Tensor?,
    _ toBias: Tensor?
  ) throws(DeviceFault) {
    guard x.count > 0 else { return }
    let cut = ChannelCut(x, [x, gradient, result])
    let parts = try scratch(16 * cut.parts, "batchNorm")
    let slopes = try scratch(2 * cut.channels * statistics.mean.dtype.byteCount, "batchNorm")
    defer { withExtendedLifetime((parts, slopes)) {} }
    var arguments = tk_cuda_batch_norm(cut, x, statistics, weight: weight)
    arguments.g = UnsafeRawPointer(gradient.address)
    (arguments.y, arguments.to_weight) = (result?.address, toWeight?.address)
    arguments.to_bias = toBias?.address
    (arguments.parts, arguments.slopes) = (parts.memory, slopes.memory)
    let wide = statistics.mean.dtype
    try launch(cut.kernel("batchNormSlopes", "batchNormColumnSlopes", x.dtype), cut.grid, arguments)
    try launch(
      CUDAKernel(.batchNorm, "batchNormSlopeSums", .type(wide)), cut.gridOfWarps, arguments)
    guard result != nil else { return }
    try launch(
      cut.kernel("batchNormBackward", "batchNormBackwardOfColumns", x.dtype), cut.grid, arguments)
  }
}

/// How blocks share the channels of `[batch, channels, inner]` elements: by planes, or by columns where planes are
/// short.
private struct ChannelCut {
  let batch, channels, inner: Int
  let isByColumns: Bool
  /// Whether planes begin and end on packs of 16 bytes.
  let isAligned: Bool
  /// Packs of a plane, or the elements of one that is made of columns.
  let plane: Int
  /// The blocks of a channel, or of a run of columns.
  let splits: Int

  private static let threads = 256

  init(_ x: Tensor, _ tensors: [Tensor?]) {
    (batch, channels) = (x.shape[0], x.shape[1])
    let inner = x.count / batch / channels
    self.inner = inner
    let (packLength, columns) = (16 / x.dtype.byteCount, channels * inner)
    isByColumns = inner < 16 && columns >= 32 && columns < 1 << 31
    let isAligned =
      !isByColumns && inner % packLength == 0
      && tensors.allSatisfy { $0.map { UInt(bitPattern: $0.address) % 16 == 0 } ?? true }
    self.isAligned = isAligned
    plane = isAligned ? inner / packLength : inner
    // Enough blocks for a large device, each with a few turns; the same for every device, so that sums have the same
    // bits. Positions in a block stay below 2^31.
    let (groups, turns) =
      isByColumns
      ? ((columns + 31) / 32, batch / 64) : (channels, batch * plane / (4 * ChannelCut.threads))
    let least = isByColumns ? 1 : (batch * plane) >> 29 + 1
    splits = min(65535, max(least, min((1056 + groups - 1) / groups, turns), 1))
  }

  /// What blocks leave behind.
  var parts: Int { splits * channels * (isByColumns ? inner : 1) }

  var grid: Grid {
    Grid(
      x: isByColumns ? (channels * inner + 31) / 32 : channels, y: splits,
      threads: ChannelCut.threads)
  }

  /// A warp a channel.
  var gridOfWarps: Grid { Grid(blocks: (channels + 3) / 4, threads: 128) }

  func kernel(_ ofPlanes: StaticString, _ ofColumns: StaticString, _ dtype: DType) -> CUDAKernel {
    isByColumns
      ? CUDAKernel(.batchNorm, ofColumns, .type(dtype))
      : CUDAKernel(.batchNorm, ofPlanes, .type(dtype), .flag(isAligned))
  }
}

extension tk_cuda_batch_norm {
  fileprivate init(
    _ cut: ChannelCut, _ x: Tensor, _ statistics: ChannelStatistics, weight: Tensor?
  ) {
    self.init()
    self.x = UnsafeRawPointer(x.address)
    self.weight = UnsafeRawPointer(weight?.address)
    (means, roots) = (statistics.mean.address, statistics.root.address)
    (batch, channels, inner) = (Int64(cut.batch), Int64(cut.channels), Int64(cut.inner))
    splits = Int64(cut.splits)
    part_run = Int64(cut.isByColumns ? cut.inner : cut.splits)
    part_stride = Int64(cut.isByColumns ? cut.channels * cut.inner : 0)
    part_count = Int64(cut.parts / cut.channels)
    // Granlund and Montgomery, "Division by invariant integers using multiplication", 1994.
    let bits = cut.plane == 1 ? 0 : UInt64.bitWidth - (cut.plane - 1).leadingZeroBitCount
    shift = UInt32(bits)
    multiplier = UInt32(((1 << bits) - UInt64(cut.plane)) << 32 / UInt64(cut.plane) + 1)
  }
}
