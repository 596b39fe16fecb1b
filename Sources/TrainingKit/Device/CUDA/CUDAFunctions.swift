internal import CTrainingRuntime

/// The kernels of a device that have been compiled and loaded, each on its first use.
final class CUDAFunctions: Sendable {
  private struct Function {
    let handle: CUDAHandle
    var shared: Int
  }

  private let device: CUDADevice
  private let compiler: CUDACompiler
  private let functions = Monitor<[CUDAKernel: Function]>([:])
  private let modules = Monitor<[CUDAHandle]>([])

  init(device: CUDADevice, compiler: CUDACompiler) {
    (self.device, self.compiler) = (device, compiler)
  }

  deinit {
    guard (try? device.enter()) != nil else { return }
    modules.withLock { $0.forEach { _ = device.driver.calls.cuModuleUnload($0.handle) } }
  }

  func function(of kernel: CUDAKernel, shared: Int) throws(DeviceFault) -> UnsafeMutableRawPointer?
  {
    let known = functions.withLock { $0[kernel] }
    if let known, known.shared >= shared { return known.handle.handle }
    let handle = if let known { known.handle } else { try load(kernel) }
    // More than every kernel may use has to be asked for.
    if shared > 48 << 10 {
      try device.driver.check(
        "cuFuncSetAttribute",
        device.driver.calls.cuFuncSetAttribute(handle.handle, 8, Int32(shared)))
    }
    functions.withLock { $0[kernel] = Function(handle: handle, shared: max(shared, 48 << 10)) }
    return handle.handle
  }

  private func load(_ kernel: CUDAKernel) throws(DeviceFault) -> CUDAHandle {
    let image = try compiler.image(of: kernel, capability: device.capability)
    let calls = device.driver.calls
    var module: UnsafeMutableRawPointer?
    try device.driver.check("cuModuleLoadData", calls.cuModuleLoadData(&module, image.code))
    let handle = CUDAHandle(handle: module)
    modules.withLock { $0.append(handle) }
    var function: UnsafeMutableRawPointer?
    try device.driver.check(
      "cuModuleGetFunction", calls.cuModuleGetFunction(&function, module, image.name))
    return CUDAHandle(handle: function)
  }
}
