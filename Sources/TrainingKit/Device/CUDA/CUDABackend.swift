internal import CTrainingRuntime

/// The kernels of a GPU: each call is put into one stream, in order, and nobody waits for it.
package final class CUDABackend: Backend {
  package let pool: MemoryPool
  let device: CUDADevice
  /// Nil where nothing is computed, as the next.
  private let functions: CUDAFunctions?
  private let staging: CUDAStaging?
  let strays: CUDAStrays?
  /// Nil where products are made by kernels of this library alone.
  let products: CUDAProducts?

  init(_ opening: CUDAOpening, ordinal: Int) throws(DeviceFault) {
    let device = try CUDADevice(opening.driver, ordinal)
    self.device = device
    pool = MemoryPool(source: .gpu(device))
    let memory = try device.memory()
    pool.limit = memory.available
    functions = CUDAFunctions(device: device, compiler: opening.compiler)
    staging = try CUDAStaging(device: device, memory: memory.total)
    strays = try CUDAStrays(device: device)
    products =
      if let calls = opening.products {
        try CUDAProducts(calls, device: device, memory: memory.total)
      } else { nil }
  }

  private init(onPaper backend: CUDABackend, in pool: MemoryPool) {
    (device, products, self.pool) = (backend.device, backend.products, pool)
    (functions, staging, strays) = (nil, nil, nil)
  }

  /// What takes the room that this backend's kernels would take, in a pool of paper, and computes nothing.
  func onPaper(in pool: MemoryPool) -> CUDABackend { CUDABackend(onPaper: self, in: pool) }

  package var isPaper: Bool { functions == nil }
  package var deviceNumber: Int? { isPaper ? nil : device.number }
  /// Files take the place of the processor's memory only; `StateFile` says so.
  package func pool(for file: MemoryPool) -> MemoryPool { pool }

  /// Puts a kernel into the stream. Its one parameter is a struct that is copied now.
  func launch<Arguments>(
    _ kernel: CUDAKernel, _ grid: Grid, _ arguments: Arguments
  ) throws(DeviceFault) {
    guard let functions else { return }
    try device.enter()
    let function = try functions.function(of: kernel, shared: grid.shared)
    var arguments = arguments
    let status = withUnsafeMutablePointer(to: &arguments) {
      start(function, grid, UnsafeMutableRawPointer($0))
    }
    try device.driver.check("cuLaunchKernel", status)
  }

  private func start(
    _ function: UnsafeMutableRawPointer?, _ grid: Grid, _ arguments: UnsafeMutableRawPointer
  ) -> Int32 {
    var parameter: UnsafeMutableRawPointer? = arguments
    let (x, y, z) = (UInt32(grid.x), UInt32(grid.y), UInt32(grid.z))
    let (threads, shared) = (UInt32(grid.threads), UInt32(grid.shared))
    return device.driver.calls.cuLaunchKernel(
      function, x, y, z, threads, 1, 1, shared, device.stream.handle, &parameter, nil)
  }

  /// Memory for what one call computes on its way. It may be let go of once the kernels that use it are in the stream.
  func scratch(_ byteCount: Int, _ operation: String) throws(DeviceFault) -> Storage {
    let tag = MemoryTag(operation, owner: .workspace, module: nil)
    guard let storage = pool.take(byteCount: byteCount, tag) else {
      throw takeFault() ?? .noRoom(byteCount: byteCount)
    }
    return storage
  }

  package func trim() {
    staging?.trim()
    if !isPaper { products?.trim() }
    pool.trim()
  }

  package func takeFault() -> DeviceFault? { device.takeFault() }

  package func write(
    into y: Tensor, _ body: (UnsafeMutableRawPointer) -> Void
  ) throws(DeviceFault) {
    if isPaper { return }
    try upload(y.form.byteCount, to: y.address, body)
  }

  /// Copies to the device what `body` writes, behind what is in the stream.
  func upload(
    _ byteCount: Int, to memory: UnsafeMutableRawPointer,
    _ body: (UnsafeMutableRawPointer) -> Void
  ) throws(DeviceFault) {
    try staging?.upload(byteCount, to: memory, body)
  }

  package func read(_ x: Tensor, into target: UnsafeMutableRawPointer) throws(DeviceFault) {
    try read(x.form.byteCount, from: x.address, to: target)
  }

  /// Copies from the device, once all that is in the stream is done; zeros where nothing is computed. Throws the
  /// mistakes that were found until then.
  func read(
    _ byteCount: Int, from memory: UnsafeRawPointer, to target: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    guard let strays else {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      return
    }
    let checks = strays.launched
    try device.read(byteCount, from: memory, to: target)
    try strays.settle(checks)
  }
}
