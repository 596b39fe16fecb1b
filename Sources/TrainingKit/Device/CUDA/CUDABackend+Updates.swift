package import CTrainingKernels

extension CUDABackend {
  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) throws(DeviceFault) {
    let (count, dtype) = (parameter.count, parameter.dtype)
    guard count > 0 else { return }
    var part = tk_cuda_update()
    part.count = Int64(count)
    part.parameter = parameter.address
    part.gradient = UnsafeRawPointer(gradient.address)
    part.packed = ([parameter, gradient] + states).allSatisfy {
      UnsafeRawPointer($0.address).isAligned(to: 16)
    }
    withUnsafeMutableBytes(of: &part.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &part.states) { $0.fill(states.map(\.address)) }
    let kernel = CUDAKernel(.update, "update", .word(tk_update_describe(row).kernel), .type(dtype))
    try add([parameter, gradient] + states) {
      $0.add(part, to: kernel, in: \.plain, count, width: 16 / dtype.byteCount)
    }
  }

  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) throws(DeviceFault) {
    let count = weights.elements.count
    guard count > 0 else { return }
    var part = tk_cuda_update_rounded()
    part.count = Int64(count)
    part.gradient = UnsafeRawPointer(gradient.address)
    part.gradient_dtype = gradient.dtype.kernel
    part.weights = weights.argument
    let tensors = ([weights] + states).flatMap { [$0.elements, $0.compensation ?? $0.elements] }
    part.packed = (tensors + [gradient]).allSatisfy {
      UnsafeRawPointer($0.address).isAligned(to: 8 * $0.dtype.byteCount)
    }
    withUnsafeMutableBytes(of: &part.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &part.states) { $0.fill(states.map(\.argument)) }
    let kernel = CUDAKernel(.update, "update_rounded", .word(tk_update_describe(row).kernel))
    try add(tensors + [gradient]) { $0.add(part, to: kernel, in: \.rounded, count, width: 8) }
  }

  package func updatingTogether(_ body: () -> Void) throws(DeviceFault) {
    let updates = CUDAUpdates()
    Context.current.scoping(updates, body)
    try run(updates)
  }

  /// Notes an update for the end of the scope that there is, or runs it.
  private func add(_ tensors: [Tensor], _ body: (CUDAUpdates) -> Void) throws(DeviceFault) {
    let scope = Context.current.scoped(CUDAUpdates.self)
    let updates = scope ?? CUDAUpdates()
    updates.tensors += tensors
    body(updates)
    if scope == nil { try run(updates) }
  }

  private func run(_ updates: CUDAUpdates) throws(DeviceFault) {
    for work in updates.plain { try run(work) }
    for work in updates.rounded { try run(work) }
    withExtendedLifetime(updates.tensors) {}
  }

  private func run<Part>(_ work: CUDAUpdates.Work<Part>) throws(DeviceFault) {
    let table = try CUDATable(of: work.parts, blocks: work.blocks, for: "update", on: self)
    try launch(
      work.kernel, Grid(blocks: table.blocks, threads: Int(TK_CUDA_THREADS)), table.argument)
    withExtendedLifetime(table) {}
  }
}

/// Updates that are run at the end of a scope, those of a kernel by one launch.
///
/// `@unchecked Sendable`: the thread of the scope alone knows it.
private final class CUDAUpdates: @unchecked Sendable {
  /// What one launch does.
  struct Work<Part: BitwiseCopyable> {
    let kernel: CUDAKernel
    var parts: [Part] = []
    var blocks: [Int] = []
  }

  var plain: [Work<tk_cuda_update>] = []
  var rounded: [Work<tk_cuda_update_rounded>] = []
  /// What has to be there until then.
  var tensors: [Tensor] = []

  /// - Parameter width: the elements of a thread's sweep.
  func add<Part>(
    _ part: Part, to kernel: CUDAKernel,
    in works: ReferenceWritableKeyPath<CUDAUpdates, [Work<Part>]>, _ count: Int, width: Int
  ) {
    let place = self[keyPath: works].firstIndex { $0.kernel == kernel }
    if place == nil { self[keyPath: works].append(Work(kernel: kernel)) }
    let last = place ?? self[keyPath: works].count - 1
    self[keyPath: works][last].parts.append(part)
    self[keyPath: works][last].blocks.append(
      count.pieces(of: Int(TK_CUDA_UPDATE_SWEEPS * TK_CUDA_THREADS) * width))
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
