internal import CTrainingKernels

/// Checks of indices of which it is not known yet what they find.
///
/// A kernel leaves the first index that breaks its rule in pinned memory, a place for each check, which is looked at
/// when somebody has waited for the stream anyway.
final class CUDAStrays: Sendable {
  private struct Check: Sendable {
    let number: Int
    let rule: IndexRule
    /// Whether its kernel is in the stream.
    var isLaunched = false
  }

  private struct State: Sendable {
    var checks: [Check] = []
    var next = 0
  }

  private let device: CUDADevice
  private let places: CUDAHandle
  private let state = Monitor(State())
  private static let count = 256

  init(device: CUDADevice) throws(DeviceFault) {
    self.device = device
    try device.enter()
    let byteCount = Self.count * MemoryLayout<tk_cuda_stray>.stride
    places = CUDAHandle(handle: try device.pinned(byteCount))
  }

  deinit {
    guard (try? device.enter()) != nil else { return }
    try? device.synchronize()
    device.unpin(places.handle!)
  }

  private func place(_ number: Int) -> UnsafeMutablePointer<tk_cuda_stray> {
    places.handle!.assumingMemoryBound(to: tk_cuda_stray.self) + number % Self.count
  }

  /// Has `launch` put a check into the stream.
  func check(
    _ rule: IndexRule,
    _ launch: (UnsafeMutablePointer<tk_cuda_stray>) throws(DeviceFault) -> Void
  ) throws(DeviceFault) {
    let number = state.withLock { state -> Int? in
      if let first = state.checks.first, state.next - first.number >= Self.count { return nil }
      state.checks.append(Check(number: state.next, rule: rule))
      state.next += 1
      return state.next - 1
    }
    guard let number else {
      try settle()
      return try check(rule, launch)
    }
    place(number).initialize(to: tk_cuda_stray())
    do throws(DeviceFault) {
      try launch(place(number))
    } catch {
      state.withLock { $0.checks.removeAll { $0.number == number } }
      throw error
    }
    state.withLock { state in
      for place in state.checks.indices where state.checks[place].number == number {
        state.checks[place].isLaunched = true
      }
    }
  }

  /// The checks whose kernels are in the stream: once that has been waited for, what they found is known.
  var launched: Set<Int> {
    state.withLock { Set($0.checks.filter(\.isLaunched).map(\.number)) }
  }

  /// Throws the first mistake that checks have found, which are done.
  func settle(_ done: Set<Int>) throws(DeviceFault) {
    if done.isEmpty { return }
    let checks = state.withLock { state in
      let own = state.checks.filter { done.contains($0.number) }
      state.checks.removeAll { done.contains($0.number) }
      return own
    }
    for check in checks where place(check.number).pointee.is_there != 0 {
      throw .mistake(check.rule.mistake(place(check.number).pointee.index))
    }
  }

  /// Waits where there are checks, and throws the first mistake that they have found.
  func settle() throws(DeviceFault) {
    let done = launched
    if done.isEmpty { return }
    try device.enter()
    try device.synchronize()
    try settle(done)
  }
}
