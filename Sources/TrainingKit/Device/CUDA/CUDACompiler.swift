internal import CTrainingKernels
internal import CTrainingRuntime

/// What the compiler made of a kernel: its code, and the name that it has there.
struct CUDAImage: Sendable {
  let name: String
  let code: [UInt8]
}

/// Compiles kernels by NVRTC.
///
/// `@unchecked Sendable`: the functions are those of a library that stays open, and may be called from any thread.
struct CUDACompiler: @unchecked Sendable {
  private let calls: tk_nvrtc

  init(_ calls: tk_nvrtc) { self.calls = calls }

  /// Compiles a kernel for a capability, such as 90: to code of that GPU, or where the compiler does not know it, to
  /// what its driver translates.
  func image(of kernel: CUDAKernel, capability: Int) throws(DeviceFault) -> CUDAImage {
    let exact = KernelRequest(
      kernel: kernel, architecture: "sm_\(capability)", compiler: "\(try version())")
    if let image = KernelCache.image(for: exact) { return image }
    do throws(DeviceFault) {
      let image = try compiled(exact, isCode: true)
      KernelCache.keep(image, for: exact)
      return image
    } catch .call(let call, let words, _) where words.contains("INVALID_OPTION") {
      let portable = KernelRequest(
        kernel: kernel, architecture: "compute_80", compiler: exact.compiler)
      guard let image = try? compiled(portable, isCode: false) else {
        throw .call(call, words: words, isLost: false)
      }
      return image
    }
  }

  func version() throws(DeviceFault) -> (major: Int32, minor: Int32) {
    var version: (major: Int32, minor: Int32) = (0, 0)
    try check("nvrtcVersion", calls.nvrtcVersion(&version.major, &version.minor))
    return version
  }

  private func compiled(_ request: KernelRequest, isCode: Bool) throws(DeviceFault) -> CUDAImage {
    var program: UnsafeMutableRawPointer?
    let texts = KernelTexts.shared
    let source = request.kernel.source.rawValue
    guard let text = texts.text(named: source) else {
      preconditionFailure("defect: no kernel text \(source)")
    }
    try check(
      "nvrtcCreateProgram",
      calls.nvrtcCreateProgram(
        &program, text, source, Int32(texts.headers.count), texts.headers.map(\.text),
        texts.headers.map(\.name)))
    defer { _ = calls.nvrtcDestroyProgram(&program) }
    let expression = request.kernel.expression
    try check("nvrtcAddNameExpression", calls.nvrtcAddNameExpression(program, expression))
    try compile(program, request)
    var name: UnsafePointer<CChar>?
    try check("nvrtcGetLoweredName", calls.nvrtcGetLoweredName(program, expression, &name))
    let code =
      isCode
      ? try bytes("nvrtcGetCUBIN", program, calls.nvrtcGetCUBINSize, calls.nvrtcGetCUBIN)
      : try bytes("nvrtcGetPTX", program, calls.nvrtcGetPTXSize, calls.nvrtcGetPTX)
    return CUDAImage(name: String(cString: name!), code: code)
  }

  private func compile(
    _ program: UnsafeMutableRawPointer?, _ request: KernelRequest
  ) throws(DeviceFault) {
    let options = request.options
    let status = options.withCStrings { calls.nvrtcCompileProgram(program, Int32($0.count), $0) }
    guard status != 0 else { return }
    let log =
      (try? bytes(
        "nvrtcGetProgramLog", program, calls.nvrtcGetProgramLogSize, calls.nvrtcGetProgramLog))
      ?? []
    let lines = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
    throw .call(
      "nvrtcCompileProgram",
      words: "\(words(of: status)) for \(request.kernel.expression): \(lines)",
      isLost: false)
  }

  private typealias Size = (UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
  private typealias Copy = (UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?) -> Int32

  /// What the compiler gives in two calls: its size, and its bytes.
  private func bytes(
    _ name: StaticString, _ program: UnsafeMutableRawPointer?, _ size: Size, _ copy: Copy
  ) throws(DeviceFault) -> [UInt8] {
    var count = 0
    try check(name, size(program, &count))
    var bytes = [CChar](repeating: 0, count: count)
    try check(name, copy(program, &bytes))
    return bytes.map(UInt8.init(bitPattern:))
  }

  private func check(_ name: StaticString, _ status: Int32) throws(DeviceFault) {
    guard status != 0 else { return }
    throw .call("\(name)", words: words(of: status), isLost: false)
  }

  private func words(of status: Int32) -> String {
    calls.nvrtcGetErrorString(status).map { String(cString: $0) } ?? "error \(status)"
  }
}

/// A kernel to be compiled, and all that its code depends on beside the texts.
struct KernelRequest {
  let kernel: CUDAKernel
  let architecture: String
  /// The compiler's version.
  let compiler: String

  var options: [String] {
    ["--gpu-architecture=\(architecture)", "--std=c++17", "-default-device"]
  }
}

/// The texts of all kernels, as they are embedded.
///
/// `@unchecked Sendable`: what it points at is constant.
struct KernelTexts: @unchecked Sendable {
  struct Text {
    let name, text: UnsafePointer<CChar>?
  }

  static let shared = KernelTexts()

  private let all: [Text]
  /// What kernels include.
  let headers: [Text]
  /// Changes when a header does.
  let headerHash: UInt64

  private init() {
    var all: [Text] = []
    while true {
      let source = tk_cuda_source_at(Int32(all.count))
      guard let name = source.name else { break }
      all.append(Text(name: name, text: source.text))
    }
    self.all = all
    headers = all.filter { !String(cString: $0.name!).hasSuffix(".cu") }
    headerHash = headers.reduce(into: KernelHash()) { $0.add(String(cString: $1.text!)) }.value
  }

  func text(named name: String) -> UnsafePointer<CChar>? {
    all.first { String(cString: $0.name!) == name }?.text
  }
}

extension [String] {
  /// Runs `body` with the strings as C has them.
  fileprivate func withCStrings<Result>(
    _ body: ([UnsafePointer<CChar>?]) -> Result
  ) -> Result {
    var pointers: [UnsafePointer<CChar>?] = []
    func go(_ rest: ArraySlice<String>) -> Result {
      guard let first = rest.first else { return body(pointers) }
      return first.withCString { pointer in
        pointers.append(pointer)
        return go(rest.dropFirst())
      }
    }
    return go(self[...])
  }
}
