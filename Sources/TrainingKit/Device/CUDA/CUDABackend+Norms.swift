internal import CTrainingKernels

extension CUDABackend {
  package func squareDistances(_ x: Tensor, width: Int, into y: Tensor) throws(DeviceFault) {
    guard x.count > 0 else { return }
    let cut = RowCut(rows: x.count / width, width: width, [x])
    var arguments = tk_cuda_norms(cut)
    arguments.x = UnsafeRawPointer(x.address)
    arguments.y = y.address
    let team = cut.passing
    let kernel = CUDAKernel(
      .norms, "squareDistances", .type(x.dtype), .number(team.lanes), .flag(cut.isAligned))
    try launch(kernel, team.grid(rows: cut.rows), arguments)
  }

  package func standardize(
    _ x: Tensor, isCentered: Bool, epsilon: Double, weight: Tensor?, bias: Tensor?,
    into values: Tensor, _ roots: Tensor, _ y: Tensor?
  ) throws(DeviceFault) {
    guard x.count > 0 else { return }
    let cut = RowCut(
      rows: roots.count, width: x.count / roots.count, [x, values, y], scales: [weight, bias])
    var arguments = tk_cuda_norms(cut)
    arguments.x = UnsafeRawPointer(x.address)
    arguments.weight = UnsafeRawPointer(weight?.address)
    arguments.bias = UnsafeRawPointer(bias?.address)
    (arguments.values, arguments.roots, arguments.y) = (values.address, roots.address, y?.address)
    (arguments.epsilon, arguments.centered) = (epsilon, isCentered)
    let team = cut.holding
    // Where nothing is scaled, values are of the type of x.
    let kernel = CUDAKernel(
      .norms, "standardize", .type(x.dtype), .type(values.dtype), .type((y ?? values).dtype),
      .number(team.lanes), .number(team.packs), .flag(cut.isAligned))
    try launch(kernel, team.grid(rows: cut.rows), arguments)
  }

  package func standardizeBackward(
    _ gradient: Tensor, isCentered: Bool, weight: Tensor?, values: Tensor, roots: Tensor,
    into result: Tensor?, _ toWeight: Tensor?, _ toBias: Tensor?, pieceLength: Int
  ) throws(DeviceFault) {
    guard values.count > 0 else { return }
    let (rows, width) = (roots.count, values.count / roots.count)
    let cut = RowCut(rows: rows, width: width, [gradient, values, result], scales: [weight])
    var arguments = tk_cuda_norms(cut)
    arguments.x = UnsafeRawPointer(gradient.address)
    arguments.weight = UnsafeRawPointer(weight?.address)
    (arguments.values, arguments.roots, arguments.y) = (
      values.address, roots.address, result?.address
    )
    arguments.centered = isCentered
    let types = SlopeTypes(gradient.dtype, values.dtype, result?.dtype)
    guard toWeight != nil || toBias != nil else {
      return try launch("standardizeBackward", types, cut, cut.holding, arguments)
    }
    if cut.summing == nil, result != nil {
      try launch("standardizeBackward", types, cut, cut.holding, arguments)
      arguments.y = nil
    }
    let sums = RowSums(
      rows: rows, width: width, pieceLength: pieceLength, roots.dtype, toWeight, toBias)
    try standardizeSums(types, cut, sums, arguments)
  }

  /// Sums over the rows of blocks, and of the blocks of a piece.
  private func standardizeSums(
    _ types: SlopeTypes, _ cut: RowCut, _ sums: RowSums, _ arguments: tk_cuda_norms
  ) throws(DeviceFault) {
    var arguments = arguments
    arguments.block_rows = Int64(sums.blockRows)
    (arguments.to_weight, arguments.to_bias) = (sums.toWeight?.address, sums.toBias?.address)
    let byteCount = sums.blocks * sums.width * sums.dtype.byteCount
    let slices =
      sums.slices == 1
      ? nil : (try scratch(byteCount, "layerNorm"), try scratch(byteCount, "layerNorm"))
    defer { withExtendedLifetime(slices) {} }
    if let slices {
      arguments.to_weight = sums.toWeight.map { _ in slices.0.memory }
      arguments.to_bias = sums.toBias.map { _ in slices.1.memory }
    }
    let columnBlocks = (sums.width + 255) / 256
    if let team = cut.summing {
      let grid = Grid(blocks: sums.blocks, threads: team.threads)
      try launch(types.kernel("standardizeBackwardWithSums", team, cut.isAligned), grid, arguments)
    } else {
      let kernel = CUDAKernel(.norms, "standardizeSums", .type(types.gradient), .type(types.values))
      try launch(kernel, Grid(x: sums.blocks, y: columnBlocks, threads: 256), arguments)
    }
    guard let slices else { return }
    let joining = tk_cuda_slices(
      weight_slices: UnsafeRawPointer(slices.0.memory),
      bias_slices: UnsafeRawPointer(slices.1.memory),
      to_weight: sums.toWeight?.address, to_bias: sums.toBias?.address,
      width: Int64(sums.width), slices: Int32(sums.slices))
    try launch(
      CUDAKernel(.norms, "joinSlices", .type(sums.dtype)),
      Grid(x: sums.pieces, y: columnBlocks, threads: 256), joining)
  }

  private func launch(
    _ name: StaticString, _ types: SlopeTypes, _ cut: RowCut, _ team: RowTeam,
    _ arguments: tk_cuda_norms
  ) throws(DeviceFault) {
    try launch(types.kernel(name, team, cut.isAligned), team.grid(rows: cut.rows), arguments)
  }
}

/// What the way back reads and writes.
private struct SlopeTypes {
  let gradient, values, result: DType

  init(_ gradient: DType, _ values: DType, _ result: DType?) {
    (self.gradient, self.values, self.result) = (gradient, values, result ?? gradient)
  }

  func kernel(_ name: StaticString, _ team: RowTeam, _ isAligned: Bool) -> CUDAKernel {
    CUDAKernel(
      .norms, name, .type(gradient), .type(values), .type(result), .number(team.lanes),
      .number(team.packs), .flag(isAligned))
  }
}

/// How pieces of rows are summed: by several blocks each, where there are few pieces.
private struct RowSums {
  let pieces, slices, blockRows, width: Int
  let dtype: DType
  let toWeight, toBias: Tensor?

  var blocks: Int { pieces * slices }

  init(
    rows: Int, width: Int, pieceLength: Int, _ dtype: DType, _ toWeight: Tensor?, _ toBias: Tensor?
  ) {
    pieces = (rows + pieceLength - 1) / pieceLength
    // Enough blocks for a large device; the same for every device, so that sums have the same bits.
    var slices = 1
    while slices < 8, pieces * slices < 512, pieceLength % (2 * slices) == 0 { slices *= 2 }
    (self.slices, blockRows) = (slices, pieceLength / slices)
    (self.width, self.dtype, self.toWeight, self.toBias) = (width, dtype, toWeight, toBias)
  }
}

extension tk_cuda_norms {
  fileprivate init(_ cut: RowCut) {
    self.init()
    (rows, width) = (Int64(cut.rows), Int64(cut.width))
  }
}
