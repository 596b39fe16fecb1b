internal import CTrainingRuntime

/// Pinned memory of the processor through which bytes go to a device while the program goes on.
///
/// A buffer is written again when the device has read it, which an event tells. There are a few of them, and who finds
/// none waits for the one that was used first.
final class CUDAStaging: Sendable {
  /// `@unchecked Sendable`: whoever has taken it has it alone.
  private struct PinnedBuffer: @unchecked Sendable {
    var memory: UnsafeMutableRawPointer
    var byteCount: Int
    /// What has been put into the stream when the buffer was used last.
    let event: CUDAHandle
  }

  private struct State: Sendable {
    /// Those that nobody has taken, the one that was used first at the start.
    var waiting: [PinnedBuffer] = []
    /// How many there are in all.
    var count = 0
  }

  private let device: CUDADevice
  private let state = Monitor(State())

  /// More bytes go in pieces, so that one is written while another is read.
  static let largestPiece = 4 << 20
  private static let smallest = 64 << 10
  private static let mostBuffers = 8

  init(device: CUDADevice) { self.device = device }

  deinit {
    guard (try? device.enter()) != nil else { return }
    try? device.synchronize()
    state.withLock { $0.waiting.forEach(destroy) }
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
    let buffer = try take(byteCount)
    body(buffer.memory)
    do throws(DeviceFault) {
      // The body may have used another device.
      try device.enter()
      try device.copy(byteCount, from: buffer.memory, to: target)
      try device.record(buffer.event)
    } catch {
      // Nothing tells when the device has read it.
      try? device.synchronize()
      giveBack(buffer)
      throw error
    }
    giveBack(buffer)
  }

  private func giveBack(_ buffer: PinnedBuffer) { state.withLock { $0.waiting.append(buffer) } }

  /// A buffer of at least so many bytes that the device does not read.
  private func take(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer {
    let wanted = max(Self.smallest, byteCount.nextPowerOfTwo)
    if let free = try firstFree(wanted) { return free }
    let first = state.withLock { state -> PinnedBuffer? in
      if state.count < Self.mostBuffers || state.waiting.isEmpty { return nil }
      return state.waiting.removeFirst()
    }
    guard var buffer = first else { return try create(wanted) }
    do throws(DeviceFault) {
      try device.wait(for: buffer.event)
      if buffer.byteCount < wanted {
        let memory = try device.pinned(wanted)
        device.unpin(buffer.memory)
        (buffer.memory, buffer.byteCount) = (memory, wanted)
      }
    } catch {
      giveBack(buffer)
      throw error
    }
    return buffer
  }

  /// The first of those that are large enough, where the device has read what was in it.
  private func firstFree(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer? {
    let found = state.withLock { state -> PinnedBuffer? in
      let place = state.waiting.firstIndex { $0.byteCount >= byteCount }
      return place.map { state.waiting.remove(at: $0) }
    }
    guard let buffer = found else { return nil }
    do throws(DeviceFault) {
      if try device.isReached(buffer.event) { return buffer }
    } catch {
      giveBack(buffer)
      throw error
    }
    // It is still the one that was used before all others.
    state.withLock { $0.waiting.insert(buffer, at: 0) }
    return nil
  }

  private func create(_ byteCount: Int) throws(DeviceFault) -> PinnedBuffer {
    let memory = try device.pinned(byteCount)
    do throws(DeviceFault) {
      let event = try device.createEvent()
      state.withLock { $0.count += 1 }
      return PinnedBuffer(memory: memory, byteCount: byteCount, event: event)
    } catch {
      device.unpin(memory)
      throw error
    }
  }

  private func destroy(_ buffer: PinnedBuffer) {
    device.unpin(buffer.memory)
    device.destroy(buffer.event)
  }
}
