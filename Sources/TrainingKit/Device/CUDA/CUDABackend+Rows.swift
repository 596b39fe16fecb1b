internal import CTrainingKernels

extension CUDABackend {
  package func softmax(logarithm: Bool, _ x: Tensor, into y: Tensor) throws(DeviceFault) {
    var arguments = tk_cuda_rows()
    arguments.x = UnsafeRawPointer(x.address)
    arguments.y = y.address
    arguments.logarithm = logarithm
    try launch("softmax", RowCut(x, y), y.dtype, arguments)
  }

  package func softmaxBackward(
    logarithm: Bool, gradient: Tensor, y: Tensor, into result: Tensor
  ) throws(DeviceFault) {
    var arguments = tk_cuda_rows()
    arguments.x = UnsafeRawPointer(y.address)
    arguments.g = UnsafeRawPointer(gradient.address)
    arguments.y = result.address
    arguments.logarithm = logarithm
    try launch("softmaxBackward", RowCut(y, gradient, result), y.dtype, arguments)
  }

  package func surprise(_ x: Tensor, at labels: Tensor, into y: Tensor) throws(DeviceFault) {
    let cut = RowCut(x)
    guard cut.rows > 0 else { return }
    var arguments = tk_cuda_rows()
    arguments.x = UnsafeRawPointer(x.address)
    arguments.labels = UnsafeRawPointer(labels.address)
    arguments.y = y.address
    (arguments.rows, arguments.width) = (Int64(cut.rows), Int64(cut.width))
    let team = cut.passing
    let kernel = CUDAKernel(
      .rows, "surprise", .type(x.dtype), .number(team.lanes), .flag(cut.isAligned))
    try launch(kernel, team.grid(rows: cut.rows), arguments)
  }

  package func surpriseBackward(
    _ x: Tensor, at labels: Tensor, gradient: Tensor, into result: Tensor
  ) throws(DeviceFault) {
    var arguments = tk_cuda_rows()
    arguments.x = UnsafeRawPointer(x.address)
    arguments.labels = UnsafeRawPointer(labels.address)
    arguments.g = UnsafeRawPointer(gradient.address)
    arguments.y = result.address
    try launch("surpriseBackward", RowCut(x, result), x.dtype, arguments)
  }

  private func launch(
    _ name: StaticString, _ cut: RowCut, _ dtype: DType, _ arguments: tk_cuda_rows
  ) throws(DeviceFault) {
    guard cut.rows > 0 else { return }
    var arguments = arguments
    (arguments.rows, arguments.width) = (Int64(cut.rows), Int64(cut.width))
    let team = cut.holding
    let kernel = CUDAKernel(
      .rows, name, .type(dtype), .number(team.lanes), .number(team.packs), .flag(cut.isAligned))
    try launch(kernel, team.grid(rows: cut.rows), arguments)
  }
}
