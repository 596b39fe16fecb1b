package import CTrainingKernels

extension CUDABackend {
  package func random(
    _ distribution: Distribution, _ generator: tk_philox, into y: Tensor
  ) throws(DeviceFault) {
    var arguments = tk_cuda_random(generator, x: nil, y)
    let name: StaticString
    switch distribution {
    case .uniform(let lower, let upper):
      (name, arguments.a, arguments.b) = ("uniform", lower, upper)
    case .normal(let mean, let deviation):
      (name, arguments.a, arguments.b) = ("normal", mean, deviation)
    case .integer(let lower, let upper):
      (name, arguments.lower, arguments.upper) = ("integer", Int64(lower), Int64(upper))
    case .bernoulli(let probability, let value):
      (name, arguments.a, arguments.b) = ("bernoulli", probability, value)
    }
    try draw(name, arguments, into: y)
  }

  package func dropout(
    _ x: Tensor, probability: Double, value: Double, _ generator: tk_philox, into y: Tensor
  ) throws(DeviceFault) {
    var arguments = tk_cuda_random(generator, x: x, y)
    (arguments.a, arguments.b) = (probability, value)
    try draw("dropout", arguments, into: y)
  }

  /// A thread for every four elements.
  private func draw(
    _ name: StaticString, _ arguments: tk_cuda_random, into y: Tensor
  ) throws(DeviceFault) {
    guard y.count > 0 else { return }
    let kernel = CUDAKernel(.random, name, .type(y.dtype))
    try launch(kernel, Grid(threadsFor: y.count.pieces(of: 4)), arguments)
  }
}

extension tk_cuda_random {
  fileprivate init(_ generator: tk_philox, x: Tensor?, _ y: Tensor) {
    self.init()
    let source = x.map { UnsafeRawPointer($0.address) }
    (self.x, self.y) = (source, y.address)
    (key, position, count) = (generator.key, generator.position, Int64(y.count))
    let four = 4 * y.dtype.byteCount
    packed = UnsafeRawPointer(y.address).isAligned(to: four) && source?.isAligned(to: four) ?? true
  }
}
