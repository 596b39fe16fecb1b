internal import CTrainingRuntime

/// Pinned memory of the processor through which bytes go to a device while the program goes on.
///
/// What is large goes by a stream of its own into memory of the device that is for that alone, while kernels run, and
/// from there to its place when the kernels' stream comes to it: the place may be memory that they still use. A buffer
/// is written again when the device is done with it, which an event tells. There are a few of them, and who finds none
/// waits for the one that was used first.
final class CUDAStaging: Sendable {
  private struct State: Sendable {
    /// Those that nobody has taken, the one that was used first at the start.
    var waiting: [PinnedBuffer] = []
    /// How many there are in all.
    var count = 0
    /// The bytes of the device that may be taken still for what is large.
    var landingBytes: Int
  }

  private let device: CUDADevice
  /// That of copies of what is large.
  private let stream: CUDAHandle
  private let state: Monitor<State>

  /// More bytes go in pieces, so that one is written while another is read.
  static let largestPiece = 4 << 20
  private static let smallest = 64 << 10
  private static let mostBuffers = 8

  /// - Parameter memory: the bytes of the device, of which a 256th may be taken.
  init(device: CUDADevice, memory: Int) throws(DeviceFault) {
    self.device = device
    try device.enter()
    stream = try device.createStream()
    state = Monitor(State(landingBytes: min(memory / 256, Self.mostBuffers * Self.largestPiece)))
  }

  deinit {
    trim()
    guard (try? device.enter()) != nil else { return }
    device.destroy(stream: stream)
  }

  /// Gives back all memory that is not in use.
  func trim() {
    guard (try? device.enter()) != nil else { return }
    synchronize()
    let unused = state.withLock { state in
      let unused = state.waiting
      state.waiting = []
      state.count -= unused.count
      state.landingBytes += unused.reduce(0) { $0 + ($1.landing == nil ? 0 : $1.byteCount) }
      return unused
    }
    unused.forEach { $0.free(from: device) }
  }

  /// Copies to the device what `body` writes, behind what is in the stream.
  func upload(
    _ byteCount: Int, to target: UnsafeMutableRawPointer,
    _ body: (UnsafeMutableRawPointer) -> Void
  ) throws(DeviceFault) {
    guard byteCount > Self.largestPiece else { return try send(byteCount, to: target, body) }
    let whole = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { whole.deallocate() }
    body(whole)
    for start in stride(from: 0, to: byteCount, by: Self.largestPiece) {
      let count = min(Self.largestPiece, byteCount - start)
      try send(count, to: target + start) { $0.copyMemory(from: whole + start, byteCount: count) }
    }
  }

  private func send(
    _ byteCount: Int, to target: UnsafeMutableRawPointer,
    _ body: (UnsafeMutableRawPointer) -> Void
  ) throws(DeviceFault) {
    guard byteCount > 0 else { return }
    try device.enter()
    var buffer = try take(byteCount)
    defer { giveBack(buffer) }
    body(buffer.memory)
    do throws(DeviceFault) {
      // The body may have used another device.
      try device.enter()
      if byteCount >= Self.smallest { try land(&buffer) }
      if let landing = buffer.landing, byteCount >= Self.smallest {
        try device.copy(byteCount, from: buffer.memory, to: landing, in: stream)
        try device.record(buffer.hasLanded, in: stream)
        try device.await(buffer.hasLanded)
        try device.move(byteCount, from: landing, to: target)
      } else {
        try device.copy(byteCount, from: buffer.memory, to: target, in: device.stream)
      }
      try device.record(buffer.isDone, in: device.stream)
    } catch {
      // Nothing tells when the device is done with it.
      synchronize()
      throw error
    }
  }

  private func synchronize() {
    try? device.synchronize(stream)
    try? device.synchronize()
  }

  /// Gives the buffer memory on the device, where there may be more of that.
  private func land(_ buffer: inout PinnedBuffer) throws(DeviceFault) {
    guard buffer.landing == nil else { return }
    let byteCount = buffer.byteCount
    let mayBe = state.withLock { state in
      guard state.landingBytes >= byteCount else { return false }
      state.landingBytes -= byteCount
      return true
    }
    guard mayBe else { return }
    do throws(DeviceFault) {
      buffer.landing = try device.allocate(byteCount).flatMap {
        UnsafeMutableRawPointer(bitPattern: $0)
      }
    } catch {
      state.withLock { $0.landingBytes += byteCount }
      throw error
    }
    if buffer.landing == nil { state.withLock { $0.landingBytes += byteCount } }
  }
}

extension CUDAStaging {
  private func giveBack(_ buffer: PinnedBuffer) { state.withLock { $0.waiting.append(buffer) } }

  /// A buffer of at least so many bytes that the device does not use.
  private func take(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer {
    let wanted = max(Self.smallest, byteCount.nextPowerOfTwo)
    if let free = try firstFree(wanted) { return free }
    let first = state.withLock { state -> PinnedBuffer? in
      if state.count < Self.mostBuffers || state.waiting.isEmpty { return nil }
      return state.waiting.removeFirst()
    }
    guard let buffer = first else { return try create(wanted) }
    do throws(DeviceFault) {
      try device.wait(for: buffer.isDone)
      if buffer.byteCount >= wanted { return buffer }
      let larger = try PinnedBuffer(wanted, on: device)
      if buffer.landing != nil { state.withLock { $0.landingBytes += buffer.byteCount } }
      buffer.free(from: device)
      return larger
    } catch {
      giveBack(buffer)
      throw error
    }
  }

  /// The first of those that are large enough, where the device is done with it.
  private func firstFree(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer? {
    let found = state.withLock { state -> PinnedBuffer? in
      let place = state.waiting.firstIndex { $0.byteCount >= byteCount }
      return place.map { state.waiting.remove(at: $0) }
    }
    guard let buffer = found else { return nil }
    do throws(DeviceFault) {
      if try device.isReached(buffer.isDone) { return buffer }
    } catch {
      giveBack(buffer)
      throw error
    }
    // It is still the one that was used before all others.
    state.withLock { $0.waiting.insert(buffer, at: 0) }
    return nil
  }

  private func create(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer {
    let buffer = try PinnedBuffer(byteCount, on: device)
    state.withLock { $0.count += 1 }
    return buffer
  }
}

/// Memory that a device reads by itself.
///
/// `@unchecked Sendable`: whoever has taken it has it alone.
private struct PinnedBuffer: @unchecked Sendable {
  let memory: UnsafeMutableRawPointer
  let byteCount: Int
  /// As many bytes of the device, where what is large waits for the kernels' stream.
  var landing: UnsafeMutableRawPointer?
  /// Behind the copy into them.
  let hasLanded: CUDAHandle
  /// Behind all that uses the buffer.
  let isDone: CUDAHandle

  init(_ byteCount: Int, on device: CUDADevice) throws(DeviceFault) {
    self.byteCount = byteCount
    memory = try device.pinned(byteCount)
    do throws(DeviceFault) {
      isDone = try device.createEvent()
    } catch {
      device.unpin(memory)
      throw error
    }
    do throws(DeviceFault) {
      hasLanded = try device.createEvent()
    } catch {
      device.unpin(memory)
      device.destroy(isDone)
      throw error
    }
  }

  func free(from device: CUDADevice) {
    device.unpin(memory)
    device.destroy(isDone)
    device.destroy(hasLanded)
    if let landing { device.free(UInt(bitPattern: landing)) }
  }
}
