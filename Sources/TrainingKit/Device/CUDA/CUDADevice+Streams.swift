internal import CTrainingRuntime

/// What is put into the stream, and waited for. The calling thread has entered the device.
extension CUDADevice {
  /// Waits for all that is in the stream.
  func synchronize() throws(DeviceFault) { try synchronize(stream) }

  func synchronize(_ stream: CUDAHandle) throws(DeviceFault) {
    try driver.check("cuStreamSynchronize", driver.calls.cuStreamSynchronize(stream.handle))
  }

  /// A stream that does not wait for the one that everybody shares.
  func createStream() throws(DeviceFault) -> CUDAHandle {
    var stream: UnsafeMutableRawPointer?
    try driver.check("cuStreamCreate", driver.calls.cuStreamCreate(&stream, 1))
    return CUDAHandle(handle: stream)
  }

  func destroy(stream: CUDAHandle) { _ = driver.calls.cuStreamDestroy_v2(stream.handle) }

  /// Copies from pinned memory, which has to stay as it is until then.
  func copy(
    _ byteCount: Int, from source: UnsafeRawPointer, to memory: UnsafeMutableRawPointer,
    in stream: CUDAHandle
  ) throws(DeviceFault) {
    let target = UInt64(UInt(bitPattern: memory))
    try driver.check(
      "cuMemcpyHtoDAsync",
      driver.calls.cuMemcpyHtoDAsync_v2(target, source, byteCount, stream.handle))
  }

  /// Copies within the device.
  func move(
    _ byteCount: Int, from source: UnsafeRawPointer, to memory: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    let (from, to) = (UInt64(UInt(bitPattern: source)), UInt64(UInt(bitPattern: memory)))
    try driver.check(
      "cuMemcpyDtoDAsync", driver.calls.cuMemcpyDtoDAsync_v2(to, from, byteCount, stream.handle))
  }

  /// Copies from the device, once all that is in the stream is done.
  func read(
    _ byteCount: Int, from memory: UnsafeRawPointer, to target: UnsafeMutableRawPointer
  ) throws(DeviceFault) {
    try enter()
    let source = UInt64(UInt(bitPattern: memory))
    try driver.check(
      "cuMemcpyDtoHAsync",
      driver.calls.cuMemcpyDtoHAsync_v2(target, source, byteCount, stream.handle))
    try synchronize()
  }

  /// Memory of the processor that the device reads by itself.
  func pinned(_ byteCount: Int) throws(DeviceFault) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    try driver.check("cuMemAllocHost", driver.calls.cuMemAllocHost_v2(&memory, byteCount))
    return memory!
  }

  func unpin(_ memory: UnsafeMutableRawPointer) { _ = driver.calls.cuMemFreeHost(memory) }

  /// A place in the stream that can be asked for; nothing is in it yet.
  func createEvent() throws(DeviceFault) -> CUDAHandle {
    var event: UnsafeMutableRawPointer?
    // Times are not asked for.
    try driver.check("cuEventCreate", driver.calls.cuEventCreate(&event, 2))
    return CUDAHandle(handle: event)
  }

  func destroy(_ event: CUDAHandle) { _ = driver.calls.cuEventDestroy_v2(event.handle) }

  /// Puts the event behind all that is in a stream.
  func record(_ event: CUDAHandle, in stream: CUDAHandle) throws(DeviceFault) {
    try driver.check("cuEventRecord", driver.calls.cuEventRecord(event.handle, stream.handle))
  }

  /// Has the stream wait for an event of another one.
  func await(_ event: CUDAHandle) throws(DeviceFault) {
    try driver.check(
      "cuStreamWaitEvent", driver.calls.cuStreamWaitEvent(stream.handle, event.handle, 0))
  }

  /// Whether all that was in the stream is done.
  func isReached(_ event: CUDAHandle) throws(DeviceFault) -> Bool {
    let status = driver.calls.cuEventQuery(event.handle)
    if status == 600 { return false }
    try driver.check("cuEventQuery", status)
    return true
  }

  func wait(for event: CUDAHandle) throws(DeviceFault) {
    try driver.check("cuEventSynchronize", driver.calls.cuEventSynchronize(event.handle))
  }
}
