internal import CTrainingRuntime

/// A pointer that only the driver reads.
///
/// `@unchecked Sendable`: it is a number to us.
struct CUDAHandle: @unchecked Sendable {
  let handle: UnsafeMutableRawPointer?
}

/// A GPU with its context and the stream that all work is put into.
package final class CUDADevice: Sendable {
  let driver: CUDADriver
  /// As storages say it.
  let number: Int
  let name: String
  /// Such as 90 for 9.0.
  let capability: Int
  let multiprocessors: Int
  private let handle: Int32
  private let context: CUDAHandle
  /// It does not wait for the one that everybody shares.
  let stream: CUDAHandle
  private let fault = Monitor<DeviceFault?>(nil)

  /// Opens a device of the driver.
  init(_ driver: CUDADriver, _ ordinal: Int) throws(DeviceFault) {
    (self.driver, number) = (driver, ordinal + 1)
    let calls = driver.calls
    var handle: Int32 = 0
    try driver.check("cuDeviceGet", calls.cuDeviceGet(&handle, Int32(ordinal)))
    self.handle = handle
    name = try driver.name(of: handle)
    capability =
      try 10 * driver.attribute(.majorCapability, of: handle)
      + driver.attribute(.minorCapability, of: handle)
    multiprocessors = try driver.attribute(.multiprocessors, of: handle)
    var context: UnsafeMutableRawPointer?
    guard capability >= Self.leastCapability else {
      throw .call("Device.cuda", words: Self.refusal(name, capability), isLost: false)
    }
    try driver.check("cuDevicePrimaryCtxRetain", calls.cuDevicePrimaryCtxRetain(&context, handle))
    self.context = CUDAHandle(handle: context)
    do throws(DeviceFault) {
      try driver.check("cuCtxSetCurrent", calls.cuCtxSetCurrent(context))
      var stream: UnsafeMutableRawPointer?
      try driver.check("cuStreamCreate", calls.cuStreamCreate(&stream, 1))
      self.stream = CUDAHandle(handle: stream)
    } catch {
      _ = calls.cuDevicePrimaryCtxRelease_v2(handle)
      throw error
    }
  }

  /// Kernels use instructions of 8.0.
  static let leastCapability = 80

  static func refusal(_ name: String, _ capability: Int) -> String {
    "\(name) has compute capability \(capability / 10).\(capability % 10), needs 8.0 or later"
  }

  deinit {
    _ = driver.calls.cuCtxSetCurrent(context.handle)
    _ = driver.calls.cuStreamDestroy_v2(stream.handle)
    _ = driver.calls.cuDevicePrimaryCtxRelease_v2(handle)
  }

  /// Makes the calling thread one of this device.
  func enter() throws(DeviceFault) {
    try driver.check("cuCtxSetCurrent", driver.calls.cuCtxSetCurrent(context.handle))
  }

  /// The bytes that nobody uses, and all that there are.
  func memory() throws(DeviceFault) -> (available: Int, total: Int) {
    try enter()
    var (available, total) = (0, 0)
    try driver.check("cuMemGetInfo", driver.calls.cuMemGetInfo_v2(&available, &total))
    return (available, total)
  }

  /// A block of the device's memory, which the calling thread has entered; nil where there is none.
  func allocate(_ byteCount: Int) throws(DeviceFault) -> UInt? {
    var memory: UInt64 = 0
    let status = driver.calls.cuMemAlloc_v2(&memory, byteCount)
    // There is no more.
    if status == 2 { return nil }
    try driver.check("cuMemAlloc", status)
    return UInt(memory)
  }

  func free(_ address: UInt) { _ = driver.calls.cuMemFree_v2(UInt64(address)) }
}

extension CUDADevice: SegmentSource {
  /// The driver refuses copies of what lies in two of its blocks.
  package var isApart: Bool { true }

  package func map(_ byteCount: Int) -> UInt? {
    do throws(DeviceFault) {
      try enter()
      return try allocate(byteCount)
    } catch {
      fault.withLock { $0 = error }
      return nil
    }
  }

  /// What kept the driver from giving memory, beside a lack of it, since this was asked for.
  func takeFault() -> DeviceFault? { fault.withLock { $0.take() } }

  package func unmap(_ address: UInt, _ byteCount: Int) {
    guard (try? enter()) != nil else { return }
    free(address)
  }
}

/// What is asked of a device, by the driver's numbers.
enum CUDAAttribute: Int32 {
  case multiprocessors = 16
  case majorCapability = 75
  case minorCapability = 76
}

extension CUDADriver {
  /// The name and the capability of a GPU.
  func description(of ordinal: Int) throws(DeviceFault) -> (name: String, capability: Int) {
    var device: Int32 = 0
    try check("cuDeviceGet", calls.cuDeviceGet(&device, Int32(ordinal)))
    let major = try attribute(.majorCapability, of: device)
    return (try name(of: device), try 10 * major + attribute(.minorCapability, of: device))
  }

  func attribute(_ attribute: CUDAAttribute, of device: Int32) throws(DeviceFault) -> Int {
    var value: Int32 = 0
    try check(
      "cuDeviceGetAttribute", calls.cuDeviceGetAttribute(&value, attribute.rawValue, device))
    return Int(value)
  }

  func name(of device: Int32) throws(DeviceFault) -> String {
    var name = [CChar](repeating: 0, count: 256)
    try check("cuDeviceGetName", calls.cuDeviceGetName(&name, Int32(name.count), device))
    return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}
