package import CTrainingKernels

/// One launch a parameter.
extension CUDABackend {
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) throws(DeviceFault) {
    let (count, dtype) = (parameter.count, parameter.dtype)
    guard count > 0 else { return }
    var arguments = tk_cuda_update()
    arguments.count = Int64(count)
    arguments.parameter = parameter.address
    arguments.gradient = UnsafeRawPointer(gradient.address)
    arguments.packed = ([parameter, gradient] + states).allSatisfy { $0.isAligned(to: 16) }
    withUnsafeMutableBytes(of: &arguments.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &arguments.states) { $0.fill(states.map(\.address)) }
    let kernel = CUDAKernel(.update, "update", .word(tk_update_describe(row).kernel), .type(dtype))
    try launch(kernel, Grid(elements: count, width: 16 / dtype.byteCount), arguments)
  }

  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) throws(DeviceFault) {
    let count = weights.elements.count
    guard count > 0 else { return }
    var arguments = tk_cuda_update_rounded()
    arguments.count = Int64(count)
    arguments.gradient = UnsafeRawPointer(gradient.address)
    arguments.gradient_dtype = gradient.dtype.kernel
    arguments.weights = weights.argument
    let tensors = ([weights] + states).flatMap { [$0.elements, $0.compensation ?? $0.elements] }
    arguments.packed = (tensors + [gradient]).allSatisfy {
      $0.isAligned(to: 8 * $0.dtype.byteCount)
    }
    withUnsafeMutableBytes(of: &arguments.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &arguments.states) { $0.fill(states.map(\.argument)) }
    let kernel = CUDAKernel(.update, "update_rounded", .word(tk_update_describe(row).kernel))
    try launch(kernel, Grid(elements: count, width: 8), arguments)
  }
}

extension Tensor {
  fileprivate func isAligned(to byteCount: Int) -> Bool {
    UInt(bitPattern: address) % UInt(byteCount) == 0
  }
}

extension RoundedTensor {
  fileprivate var argument: tk_cuda_rounded {
    tk_cuda_rounded(
      elements: elements.address,
      compensation: compensation?.address.assumingMemoryBound(to: Int16.self),
      dtype: elements.dtype.kernel, rounding: rounding, key: generator.key,
      position: generator.position)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The first elements of an array of C.
  fileprivate func fill<Element>(_ elements: [Element]) {
    precondition(
      elements.count * MemoryLayout<Element>.stride <= count,
      "defect: more elements than a kernel's argument has room for")
    elements.withUnsafeBytes { copyMemory(from: $0) }
  }
}
