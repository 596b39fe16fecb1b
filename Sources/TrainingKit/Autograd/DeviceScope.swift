/// Runs `body`, whose results are made on a device.
///
///     try withDevice(.cuda(0)) {
///       …
///     }
///
/// It is for the calling thread; threads that `body` starts compute on the processor.
///
/// - Errors: `DeviceError` when the device cannot be used, and whatever `body` throws.
public func withDevice<Result>(_ device: Device, _ body: () throws -> Result) throws -> Result {
  let context = Context.current
  // A plan stays on paper, which is that of the device that it began on.
  if context.backend.isPaper || context.deviceNumber == device.number { return try body() }
  return try context.computing(on: device.opened()) {
    defer { context.settle() }
    return try body()
  }
}

extension Device {
  /// Where results are made in this scope: the processor, unless ``withDevice(_:_:)`` says otherwise.
  public static var current: Device { Device(number: Context.current.deviceNumber ?? 0) }
}

extension Tensor {
  /// Where the elements lie; for the result of a call that failed, where this scope computes.
  public var device: Device { storage.map { Device(number: $0.deviceNumber) } ?? .current }
}
