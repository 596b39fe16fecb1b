internal import CTrainingRuntime

/// CUDA's driver and compiler on this machine, which are opened when somebody asks for a GPU.
public final class CUDAPlatform: Sendable {
  fileprivate enum State {
    case closed
    case unavailable(String)
    case open(CUDAOpening, backends: [CUDABackend?])
  }

  private let libraries: CUDALibraries
  private let state = Monitor(State.closed)

  /// The oldest driver whose kernels and functions are used, as its version reads: 12.4.
  private static let leastVersion = 12040

  private static let current = Monitor(CUDAPlatform(libraries: .ofTheSystem))

  static var shared: CUDAPlatform { current.withLock { $0 } }

  package init(libraries: CUDALibraries) { self.libraries = libraries }

  /// Runs `body` with other libraries, for tests; no other thread may use a GPU then.
  package func installed<Result>(_ body: () throws -> Result) rethrows -> Result {
    let outer = CUDAPlatform.current.withLock { platform in
      defer { platform = self }
      return platform
    }
    defer { CUDAPlatform.current.withLock { $0 = outer } }
    return try body()
  }

  /// The number of GPUs that can be used.
  public var deviceCount: Int {
    withOpened { if case .open(_, let backends) = $0 { backends.count } else { 0 } }
  }

  /// Why no GPU can be used, in words; nil where one can.
  ///
  ///     print(Device.cuda.unavailability ?? "ready")     // libcuda.so.1 not found
  public var unavailability: String? {
    withOpened { if case .unavailable(let reason) = $0 { reason } else { nil } }
  }

  private func withOpened<Result>(_ body: (inout State) -> Result) -> Result {
    state.withLock { state in
      if case .closed = state { state = opened() }
      return body(&state)
    }
  }

  private func opened() -> State {
    do throws(Unavailability) {
      let driver = try libraries.driver()
      let count = try deviceCount(of: driver)
      let compiler = try libraries.compiler()
      try check(compiler, for: driver)
      return .open(
        CUDAOpening(driver: driver, compiler: compiler, products: libraries.products()),
        backends: Array(repeating: nil, count: count))
    } catch {
      return .unavailable(error.reason)
    }
  }

  /// A driver takes the code of compilers of its own major version and of older ones.
  private func check(_ compiler: CUDACompiler, for driver: CUDADriver) throws(Unavailability) {
    do throws(DeviceFault) {
      let version = try compiler.version()
      var own: Int32 = 0
      try driver.check("cuDriverGetVersion", driver.calls.cuDriverGetVersion(&own))
      guard version.major > own / 1000 else { return }
      throw .call(
        "NVRTC",
        words:
          "\(version.major).\(version.minor) is too new for driver \(own / 1000).\(own % 1000 / 10)",
        isLost: false)
    } catch {
      throw Unavailability(reason: "\(error)")
    }
  }

  private func deviceCount(of driver: CUDADriver) throws(Unavailability) -> Int {
    var (version, count): (Int32, Int32) = (0, 0)
    let status = driver.calls.cuInit(0)
    // There is a driver, and no GPU.
    if status == 100 { throw Unavailability(reason: "no device") }
    do throws(DeviceFault) {
      try driver.check("cuInit", status)
      try driver.check("cuDriverGetVersion", driver.calls.cuDriverGetVersion(&version))
      try driver.check("cuDeviceGetCount", driver.calls.cuDeviceGetCount(&count))
    } catch {
      throw Unavailability(reason: "\(error)")
    }
    guard version >= CUDAPlatform.leastVersion else {
      let least = CUDAPlatform.leastVersion
      throw Unavailability(
        reason:
          "driver \(version / 1000).\(version % 1000 / 10), needs \(least / 1000).\(least % 1000 / 10) or later"
      )
    }
    guard count > 0 else { throw Unavailability(reason: "no device") }
    return try usable(Int(count), of: driver)
  }

  /// How many GPUs, from the first on, have the instructions that kernels use.
  private func usable(_ count: Int, of driver: CUDADriver) throws(Unavailability) -> Int {
    for ordinal in 0..<count {
      do throws(DeviceFault) {
        let (name, capability) = try driver.description(of: ordinal)
        if capability >= CUDADevice.leastCapability { continue }
        guard ordinal == 0 else { return ordinal }
        throw .call("", words: CUDADevice.refusal(name, capability), isLost: false)
      } catch .call("", let words, _) {
        throw Unavailability(reason: words)
      } catch {
        throw Unavailability(reason: "\(error)")
      }
    }
    return count
  }

  /// The kernels of a GPU, which is opened on its first use.
  func backend(_ index: Int) throws(DeviceError) -> CUDABackend {
    let found = withOpened { $0.backend(index) }
    do throws(Unavailability) {
      return try found.get()
    } catch {
      throw .unavailable(.cuda(index), reason: error.reason)
    }
  }
}

extension CUDAPlatform.State {
  fileprivate mutating func backend(_ index: Int) -> Result<CUDABackend, Unavailability> {
    switch self {
    case .closed: return .failure(Unavailability(reason: "closed"))
    case .unavailable(let reason): return .failure(Unavailability(reason: reason))
    case .open(let opening, var backends):
      guard backends.indices.contains(index) else {
        let reason = "expected a number below \(backends.count), the count of GPUs, got \(index)"
        return .failure(Unavailability(reason: reason))
      }
      if let backend = backends[index] { return .success(backend) }
      do throws(DeviceFault) {
        let backend = try CUDABackend(opening, ordinal: index)
        backends[index] = backend
        self = .open(opening, backends: backends)
        return .success(backend)
      } catch {
        return .failure(Unavailability(reason: "\(error)"))
      }
    }
  }
}
