package import CTrainingKernels

extension CUDABackend {
  package var updatesTogether: Bool { true }

  package func update(
    _ row: tk_update, _ scalars: [Double], parameter: Tensor, gradient: Tensor, states: [Tensor]
  ) throws(DeviceFault) {
    try update([
      .plain(row, scalars, parameter: parameter, gradient: gradient, states: states)
    ])
  }

  package func update(
    _ row: tk_update, _ scalars: [Double], rounded weights: RoundedTensor, gradient: Tensor,
    states: [RoundedTensor]
  ) throws(DeviceFault) {
    try update([.rounded(row, scalars, weights: weights, gradient: gradient, states: states)])
  }

  /// One launch a kernel.
  package func update(_ updates: [ParameterUpdate]) throws(DeviceFault) {
    var launches = UpdateLaunches()
    updates.forEach { launches.add($0) }
    for launch in launches.plain { try run(launch) }
    for launch in launches.rounded { try run(launch) }
  }

  private func run<Part>(_ update: UpdateLaunch<Part>) throws(DeviceFault) {
    let table = try CUDATable(of: update.parts, blocks: update.blocks, for: "update", on: self)
    try launch(
      update.kernel, Grid(blocks: table.blocks, threads: Int(TK_CUDA_THREADS)), table.argument)
    withExtendedLifetime(table) {}
  }
}

/// What one launch does: a row of the table of updates in one dtype, over some parameters.
private struct UpdateLaunch<Part: BitwiseCopyable> {
  let kernel: CUDAKernel
  var parts: [Part] = []
  var blocks: [Int] = []
}

/// The launches of some updates.
private struct UpdateLaunches {
  var plain: [UpdateLaunch<tk_cuda_update>] = []
  var rounded: [UpdateLaunch<tk_cuda_update_rounded>] = []

  mutating func add(_ update: ParameterUpdate) {
    switch update {
    case .plain(let row, let scalars, let parameter, let gradient, let states):
      plain.add(
        tk_cuda_update(scalars, parameter, gradient, states),
        to: CUDAKernel(
          .update, "update", .word(tk_update_describe(row).kernel), .type(parameter.dtype)),
        parameter.count, width: 16 / parameter.dtype.byteCount)
    case .rounded(let row, let scalars, let weights, let gradient, let states):
      rounded.add(
        tk_cuda_update_rounded(scalars, weights, gradient, states),
        to: CUDAKernel(.update, "update_rounded", .word(tk_update_describe(row).kernel)),
        weights.elements.count, width: 8)
    }
  }
}

extension Array {
  /// - Parameters:
  ///   - count: the elements of the parameter.
  ///   - width: those of a thread's sweep.
  fileprivate mutating func add<Part>(
    _ part: Part, to kernel: CUDAKernel, _ count: Int, width: Int
  ) where Element == UpdateLaunch<Part> {
    guard count > 0 else { return }
    let place = firstIndex { $0.kernel == kernel } ?? self.count
    if place == self.count { append(UpdateLaunch(kernel: kernel)) }
    self[place].parts.append(part)
    self[place].blocks.append(
      count.pieces(of: Int(TK_CUDA_UPDATE_SWEEPS * TK_CUDA_THREADS) * width))
  }
}

extension tk_cuda_update {
  fileprivate init(
    _ scalars: [Double], _ parameter: Tensor, _ gradient: Tensor, _ states: [Tensor]
  ) {
    self.init()
    count = Int64(parameter.count)
    self.parameter = parameter.address
    self.gradient = UnsafeRawPointer(gradient.address)
    packed = ([parameter, gradient] + states).allSatisfy {
      UnsafeRawPointer($0.address).isAligned(to: 16)
    }
    withUnsafeMutableBytes(of: &self.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &self.states) { $0.fill(states.map(\.address)) }
  }
}

extension tk_cuda_update_rounded {
  fileprivate init(
    _ scalars: [Double], _ weights: RoundedTensor, _ gradient: Tensor, _ states: [RoundedTensor]
  ) {
    self.init()
    count = Int64(weights.elements.count)
    self.gradient = UnsafeRawPointer(gradient.address)
    gradient_dtype = gradient.dtype.kernel
    self.weights = weights.argument
    let tensors = ([weights] + states).flatMap { [$0.elements, $0.compensation ?? $0.elements] }
    packed = (tensors + [gradient]).allSatisfy {
      UnsafeRawPointer($0.address).isAligned(to: 8 * $0.dtype.byteCount)
    }
    withUnsafeMutableBytes(of: &self.scalars) { $0.fill(scalars) }
    withUnsafeMutableBytes(of: &self.states) { $0.fill(states.map(\.argument)) }
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
