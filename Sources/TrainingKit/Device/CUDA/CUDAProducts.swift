internal import CTrainingKernels
internal import CTrainingRuntime

/// The functions of cuBLASLt where it is open.
///
/// `@unchecked Sendable`: they are those of a library that stays open, and may be called from any thread.
struct CUDAProductCalls: @unchecked Sendable {
  let calls: tk_cublaslt

  /// Throws what cuBLASLt says when a call did not succeed.
  func check(_ name: StaticString, _ status: Int32) throws(DeviceFault) {
    guard status != 0 else { return }
    let words = calls.cublasLtGetStatusString(status).map { String(cString: $0) }
    throw .call("\(name)", words: words ?? "status \(status)", isLost: false)
  }
}

/// Products of matrices by cuBLASLt, which uses tensor cores and knows kernels for every shape.
///
/// The first algorithm that it proposes for a shape is kept, so that a shape has the same bits in every product of a
/// process. float32 is multiplied as such, never as TF32, and sums are kept in float32, or float64.
final class CUDAProducts: Sendable {
  private let library: CUDAProductCalls
  private let device: CUDADevice
  private let handle: CUDAHandle
  /// Nil for shapes that it does not know.
  private let plans = Monitor<[ProductShape: ProductPlan?]>([:])
  private let workspace: Monitor<UInt?> = Monitor(nil)
  /// The most that an algorithm may ask for; all products share it, as they come one after the other.
  private let workspaceSize: Int
  /// More than a run has, unless shapes never come again.
  private static let mostPlans = 4096
  private static let (notInitialized, architectureMismatch): (Int32, Int32) = (1, 8)

  /// Nil where cuBLASLt cannot be used with the driver or the device.
  init?(_ library: CUDAProductCalls, device: CUDADevice, memory: Int) throws(DeviceFault) {
    try device.enter()
    var handle: UnsafeMutableRawPointer?
    let status = library.calls.cublasLtCreate(&handle)
    if [Self.notInitialized, Self.architectureMismatch].contains(status) { return nil }
    try library.check("cublasLtCreate", status)
    (self.library, self.device) = (library, device)
    self.handle = CUDAHandle(handle: handle)
    workspaceSize = min(memory / 256, 32 << 20)
  }

  deinit {
    trim()
    plans.withLock { $0 = [:] }
    _ = library.calls.cublasLtDestroy(handle.handle)
  }

  /// Gives back memory of the device.
  func trim() {
    guard (try? device.enter()) != nil else { return }
    if let memory = workspace.withLock({ $0.take() }) { device.free(memory) }
  }

  /// Whether matrices lie as cuBLASLt can read them, which it then does but for rare shapes.
  static func canMultiply(_ gemm: tk_gemm) -> Bool { ProductShape(gemm) != nil }

  /// Puts a product into the stream. Returns whether it did: there may be no algorithm for it.
  func multiply(_ gemm: tk_gemm) throws(DeviceFault) -> Bool {
    guard let shape = ProductShape(gemm) else { return false }
    try device.enter()
    guard let plan = try plan(for: shape) else { return false }
    var memory: UInt?
    if plan.workspaceSize > 0 {
      memory = try workspaceMemory()
      if memory == nil { return false }
    }
    let status =
      gemm.input == tk_float64
      ? run(plan, gemm, Double(gemm.alpha), Double(gemm.beta), memory)
      : run(plan, gemm, gemm.alpha, gemm.beta, memory)
    try library.check("cublasLtMatmul", status)
    return true
  }

  /// Rows of C are columns of what cuBLASLt makes, and so the right matrix is its first.
  private func run<Scalar: BitwiseCopyable>(
    _ plan: ProductPlan, _ gemm: tk_gemm, _ alpha: Scalar, _ beta: Scalar, _ workspace: UInt?
  ) -> Int32 {
    var (alpha, beta, algorithm) = (alpha, beta, plan.algorithm)
    return library.calls.cublasLtMatmul(
      handle.handle, plan.product, &alpha, gemm.b, plan.first, gemm.a, plan.second, &beta, gemm.c,
      plan.result, gemm.c, plan.result, &algorithm,
      workspace.flatMap { UnsafeMutableRawPointer(bitPattern: $0) },
      workspace == nil ? 0 : workspaceSize, device.stream.handle)
  }

  private func workspaceMemory() throws(DeviceFault) -> UInt? {
    if let memory = workspace.withLock({ $0 }) { return memory }
    guard let memory = try device.allocate(workspaceSize) else { return nil }
    // Another thread may have been here meanwhile.
    let kept = workspace.withLock { kept in
      if kept == nil { kept = memory }
      return kept
    }
    if kept != memory { device.free(memory) }
    return kept
  }

  private func plan(for shape: ProductShape) throws(DeviceFault) -> ProductPlan? {
    if let known = plans.withLock({ $0[shape] }) { return known }
    let plan = try ProductPlan(shape, library, handle, workspaceSize: workspaceSize)
    plans.withLock { plans in
      if plans.count >= Self.mostPlans { plans = [:] }
      plans[shape] = .some(plan)
    }
    return plan
  }
}
