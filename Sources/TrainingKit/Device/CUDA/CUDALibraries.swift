package import CTrainingRuntime

/// Why there is no CUDA here.
struct Unavailability: Error {
  let reason: String
}

/// What of CUDA is open.
struct CUDAOpening: Sendable {
  let driver: CUDADriver
  let compiler: CUDACompiler
  /// Nil where cuBLASLt is missing.
  let products: CUDAProductCalls?
}

/// Where CUDA's functions come from.
///
/// `@unchecked Sendable`: libraries stay open, and symbols may be looked up from any thread.
package struct CUDALibraries: @unchecked Sendable {
  package typealias Opening = (UnsafeMutablePointer<tk_library>, UnsafeMutablePointer<CChar>) ->
    Bool
  private let openDriver, openCompiler, openProducts: Opening

  package static let ofTheSystem = CUDALibraries(
    driver: tk_open_cuda, compiler: tk_open_nvrtc, products: tk_open_cublaslt)

  package init(
    driver: @escaping Opening, compiler: @escaping Opening, products: @escaping Opening
  ) {
    (openDriver, openCompiler, openProducts) = (driver, compiler, products)
  }

  func driver() throws(Unavailability) -> CUDADriver {
    let library = try opened(openDriver)
    var calls = tk_cuda()
    if let missing = tk_cuda_load(library, &calls) {
      throw Unavailability(reason: "libcuda has no \(String(cString: missing))")
    }
    return CUDADriver(calls: calls)
  }

  func compiler() throws(Unavailability) -> CUDACompiler {
    let library = try opened(openCompiler)
    var calls = tk_nvrtc()
    if let missing = tk_nvrtc_load(library, &calls) {
      throw Unavailability(reason: "libnvrtc has no \(String(cString: missing))")
    }
    return CUDACompiler(calls)
  }

  /// Nothing needs cuBLASLt: it may be missing.
  func products() -> CUDAProductCalls? {
    guard let library = try? opened(openProducts) else { return nil }
    var calls = tk_cublaslt()
    return tk_cublaslt_load(library, &calls) == nil ? CUDAProductCalls(calls: calls) : nil
  }

  private func opened(_ open: Opening) throws(Unavailability) -> tk_library {
    var library = tk_library()
    var reason = [CChar](repeating: 0, count: Int(TK_REASON))
    guard open(&library, &reason) else {
      throw Unavailability(
        reason: reason.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
    }
    return library
  }
}
